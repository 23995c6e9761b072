package dev.hearth.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/**
 * Files of /proc, /sys and cgroups: read to the end, written by one write(2) without creating
 * anything. Made of plain system calls, so fit for {@link Namespaces} threads.
 */
public final class SmallFiles {
  private static final Set<OpenFlag> READ = EnumSet.of(OpenFlag.READ_ONLY);
  private static final Set<OpenFlag> WRITE = EnumSet.of(OpenFlag.WRITE_ONLY);
  private static final int CHUNK = 4096;

  /** No file of the kernel's that is worth reading whole is longer, in bytes. */
  private static final int LIMIT = 64 * 1024 * 1024;

  private SmallFiles() {}

  /** The whole content. */
  public static String read(Path path) throws LinuxException {
    try (Fd fd = Opens.open(path, READ)) {
      return readAll(fd);
    }
  }

  /** The whole content of an entry of a directory. */
  public static String readAt(Fd dir, String name) throws LinuxException {
    try (Fd fd = Opens.openAt(dir, name, READ, 0)) {
      return readAll(fd);
    }
  }

  private static String readAll(Fd fd) throws LinuxException {
    byte[] chunk = new byte[CHUNK];
    ByteArrayOutputStream whole = new ByteArrayOutputStream(0);
    while (true) {
      int read = Descriptors.read(fd, ByteBuffer.wrap(chunk));
      if (read < 0) {
        return whole.toString(StandardCharsets.UTF_8);
      }
      if (read == 0) {
        throw new LinuxException("read", fd.name(), Errno.EAGAIN);
      }
      if (whole.size() > LIMIT) {
        throw new LinuxException("read", fd.name(), Errno.EFBIG);
      }
      whole.write(chunk, 0, read);
    }
  }

  /** Writes to an existing file. */
  public static void write(Path path, String content) throws LinuxException {
    try (Fd fd = Opens.open(path, WRITE)) {
      write(fd, content);
    }
  }

  /** Writes to an existing entry of a directory. */
  public static void writeAt(Fd dir, String name, String content) throws LinuxException {
    try (Fd fd = Opens.openAt(dir, name, WRITE, 0)) {
      write(fd, content);
    }
  }

  private static void write(Fd fd, String content) throws LinuxException {
    ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
    Descriptors.write(fd, bytes);
    if (bytes.hasRemaining()) {
      throw new LinuxException("write all of '" + content + "' to", fd.name(), Errno.EIO);
    }
  }
}
