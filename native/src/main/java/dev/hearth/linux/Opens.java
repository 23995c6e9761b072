package dev.hearth.linux;

import static dev.hearth.linux.LibC.AT_FDCWD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;

/** Opening files: open(2), openat(2), openat2(2), pipe2(2), memfd_create(2), eventfd(2). */
public final class Opens {
  /**
   * Under a concurrent rename openat2(2) cannot tell whether ".." escaped, and asks to be called
   * again; a tree renamed this often in a row is no accident.
   */
  private static final int RACED_TRIES = 64;

  private static final int OPEN_HOW_SIZE = 24;
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;

  /** Since Linux 6.3. */
  private static final int MFD_NOEXEC_SEAL = 8;

  private static final int MFD_EXEC = 16;
  private static final int EFD_NONBLOCK = 0x800;
  private static final String OPEN = "open";

  private Opens() {}

  /** Opens a path, created with mode 0600 where the flags say to create. */
  public static Fd open(Path path, Set<OpenFlag> flags) throws LinuxException {
    return open(path, flags, 0600);
  }

  /**
   * Opens a path.
   *
   * @param mode permissions of a file created, before the umask
   */
  public static Fd open(Path path, Set<OpenFlag> flags, int mode) throws LinuxException {
    String name = path.toString();
    byte[] bytes = Sys.encode(OPEN, name);
    int bits = (int) Bits.union(flags) | OpenFlag.CLOEXEC;
    return new Fd(Sys.check(openRetrying(AT_FDCWD, bytes, bits, mode), OPEN, name), name);
  }

  /** Opens an entry of a directory, or the path from there. */
  public static Fd openAt(Fd dir, String name, Set<OpenFlag> flags, int mode)
      throws LinuxException {
    byte[] bytes = Sys.encode(OPEN, name);
    int bits = (int) Bits.union(flags) | OpenFlag.CLOEXEC;
    try (Fd.Use at = dir.use(OPEN)) {
      int fd = Sys.check(openRetrying(at.number(), bytes, bits, mode), OPEN, dir, name);
      return new Fd(fd, Sys.inside(dir, name));
    }
  }

  /** Opens an existing entry of a directory without leaving it in any way resolve forbids. */
  public static Fd openIn(Fd dir, String name, Set<OpenFlag> flags, Set<ResolveFlag> resolve)
      throws LinuxException {
    return openIn(dir, name, flags, 0, resolve);
  }

  /**
   * Opens a path from a directory with openat2(2).
   *
   * @param mode permissions of a file created; looked at only where the flags create one
   */
  public static Fd openIn(
      Fd dir, String name, Set<OpenFlag> flags, int mode, Set<ResolveFlag> resolve)
      throws LinuxException {
    byte[] bytes = Sys.encode(OPEN, name);
    boolean creates = flags.contains(OpenFlag.CREATE) || flags.contains(OpenFlag.UNNAMED);
    byte[] how = new byte[OPEN_HOW_SIZE];
    ByteBuffer.wrap(how)
        .order(ByteOrder.nativeOrder())
        .putLong(Bits.union(flags) | OpenFlag.CLOEXEC)
        .putLong(creates ? mode : 0)
        .putLong(Bits.union(resolve));
    boolean cached = resolve.contains(ResolveFlag.CACHED);
    try (Fd.Use at = dir.use(OPEN)) {
      for (int left = cached ? 1 : RACED_TRIES; ; left--) {
        long fd = LibC.syscall(Syscall.OPENAT2, at.number(), bytes, how, OPEN_HOW_SIZE);
        if (fd >= 0) {
          return new Fd((int) fd, Sys.inside(dir, name));
        }
        boolean again = Sys.failedWith(Errno.EAGAIN) || Sys.failedWith(Errno.EINTR);
        if (!again || left == 1) {
          throw Sys.failure(OPEN, dir, name);
        }
      }
    }
  }

  private static int openRetrying(int dir, byte[] path, int flags, int mode) {
    int fd;
    do {
      fd = LibC.openat(dir, path, flags, mode);
    } while (fd < 0 && Sys.failedWith(Errno.EINTR));
    return fd;
  }

  /** A pipe's two ends. */
  public record Pipe(Fd reader, Fd writer) implements AutoCloseable {
    @Override
    public void close() {
      reader.close();
      writer.close();
    }
  }

  /** A pipe whose ends block; make those used here non-blocking by {@link Descriptors}. */
  public static Pipe pipe() throws LinuxException {
    int[] ends = new int[2];
    Sys.check(LibC.pipe2(ends, OpenFlag.CLOEXEC), "make pipe", "");
    return new Pipe(new Fd(ends[0], "pipe (read end)"), new Fd(ends[1], "pipe (write end)"));
  }

  /**
   * A file in memory alone, which may be sealed. It cannot be run where the kernel can prevent it.
   *
   * @param name shown in /proc, no more
   */
  public static Fd memory(String name) throws LinuxException {
    return memory(name, MFD_NOEXEC_SEAL);
  }

  /**
   * As {@link #memory}, of a program to be run.
   *
   * @throws LinuxException EACCES where the host allows no such file (sysctl vm.memfd_noexec of 2)
   */
  public static Fd executableMemory(String name) throws LinuxException {
    return memory(name, MFD_EXEC);
  }

  private static Fd memory(String name, int kind) throws LinuxException {
    byte[] bytes = Sys.encode("make memory file", name);
    int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = LibC.memfd_create(bytes, flags | kind);
    if (fd < 0 && Sys.failedWith(Errno.EINVAL)) { // an older kernel, where all can be run
      fd = LibC.memfd_create(bytes, flags);
    }
    return new Fd(Sys.check(fd, "make memory file", name), "memory file " + name);
  }

  /** A non-blocking event counter, at zero: eight-byte numbers are added and taken. */
  public static Fd eventCounter() throws LinuxException {
    int fd = LibC.eventfd(0, OpenFlag.CLOEXEC | EFD_NONBLOCK);
    return new Fd(Sys.check(fd, "make event counter", ""), "event counter");
  }
}
