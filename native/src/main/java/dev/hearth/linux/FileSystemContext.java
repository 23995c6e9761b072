package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file system being set up by the new mount API: fsopen(2), fsconfig(2), fsmount(2). Options have
 * no common length limit, may be descriptors, and failures carry the kernel's own words.
 */
public final class FileSystemContext implements AutoCloseable {
  private static final int FSOPEN_CLOEXEC = 1;
  private static final int FSMOUNT_CLOEXEC = 1;
  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int SET_FD = 5;
  private static final int CREATE = 6;
  private static final int RECONFIGURE = 7;

  private final Fd fd;
  private final String type;

  private FileSystemContext(Fd fd, String type) {
    this.fd = fd;
    this.type = type;
  }

  /**
   * Begins a file system.
   *
   * @param type such as {@code overlay}; ENODEV when the kernel has no such
   */
  public static FileSystemContext open(String type) throws LinuxException {
    byte[] bytes = Sys.encode("open file system", type);
    long fd = LibC.syscall(Syscall.FSOPEN, bytes, FSOPEN_CLOEXEC);
    Sys.check(fd, "open file system", type);
    return new FileSystemContext(new Fd((int) fd, type + " to be mounted"), type);
  }

  /** Sets an option to a text, the device as option {@code source}. */
  public void set(String key, String value) throws LinuxException {
    String operation = "set " + key + "=" + value + " of";
    configure(operation, SET_STRING, Sys.encode(operation, key), Sys.encode(operation, value), 0);
  }

  /** Sets an option without value, such as {@code ro}. */
  public void set(String key) throws LinuxException {
    String operation = "set " + key + " of";
    configure(operation, SET_FLAG, Sys.encode(operation, key), null, 0);
  }

  /** Sets an option to an open file, as overlay's {@code lowerdir+} takes since Linux 6.13. */
  public void set(String key, Fd value) throws LinuxException {
    String operation = "set " + key + "=" + value.name() + " of";
    try (Fd.Use use = value.use(operation)) {
      configure(operation, SET_FD, Sys.encode(operation, key), null, use.number());
    }
  }

  /** Makes the file system, or takes one there is. May wait for a disk. */
  public void create() throws LinuxException {
    configure("create", CREATE, null, null, 0);
  }

  /** Applies changed options to the file system. */
  public void reconfigure() throws LinuxException {
    configure("reconfigure", RECONFIGURE, null, null, 0);
  }

  /**
   * A mount of the created file system, attached nowhere; {@link DetachedMounts#attach} attaches
   * it, closing dissolves one that is not.
   */
  public Fd mount(Set<MountAttribute> attributes) throws LinuxException {
    try (Fd.Use use = fd.use("mount")) {
      long mount =
          LibC.syscall(
              Syscall.FSMOUNT, use.number(), FSMOUNT_CLOEXEC, Bits.union(attributes), 0, 0);
      if (mount < 0) {
        throw failure("mount", use);
      }
      return new Fd((int) mount, type + " mount");
    }
  }

  private void configure(
      String operation, int command, byte @Nullable [] key, byte @Nullable [] value, int aux)
      throws LinuxException {
    try (Fd.Use use = fd.use(operation)) {
      long result = LibC.syscall(Syscall.FSCONFIG, use.number(), command, key, value, aux);
      if (result < 0) {
        throw failure(operation, use);
      }
    }
  }

  /** Reads what the kernel logged to this context, a line each, marked e, w or i. */
  private LinuxException failure(String operation, Fd.Use use) {
    LinuxException plain = Sys.failure(operation, type);
    StringBuilder log = new StringBuilder();
    ByteBuffer line = ByteBuffer.allocateDirect(4096);
    long length;
    while ((length = LibC.read(use.number(), line, line.capacity())) > 0) {
      byte[] bytes = new byte[(int) length];
      line.get(0, bytes);
      String text = Sys.decode(bytes, 0, bytes.length).strip();
      if (text.startsWith("e ")) {
        log.append(log.isEmpty() ? "" : "; ").append(text.substring(2));
      }
    }
    return log.isEmpty()
        ? plain
        : new LinuxException(operation, type, plain.errno(), log.toString());
  }

  @Override
  public void close() {
    fd.close();
  }

  /** For messages only. */
  @Override
  public String toString() {
    return fd.toString();
  }
}
