package dev.hearth.runtime.snapshot;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileType;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.ResolveFlag;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * An image's files as a container will find them, for a look before it starts: read-only, attached
 * nowhere, and gone when closed. Links lead where they would inside, never out.
 */
public final class RootView implements AutoCloseable {
  private static final Set<OpenFlag> FLAGS =
      Set.of(OpenFlag.READ_ONLY, OpenFlag.NONBLOCKING, OpenFlag.NO_CONTROLLING_TERMINAL);
  private static final Set<ResolveFlag> INSIDE =
      Set.of(ResolveFlag.IN_ROOT, ResolveFlag.NO_MAGIC_LINKS);

  private final Fd root;

  RootView(Fd root) {
    this.root = root;
  }

  /** The root directory; closed with this view. */
  public Fd root() {
    return root;
  }

  /**
   * The content of a file.
   *
   * @param path from the root, such as {@code /etc/passwd}
   * @param maxBytes what is longer is refused with EFBIG
   * @return empty when there is no such file, or it is no regular one
   */
  public Optional<byte[]> read(String path, int maxBytes) throws LinuxException {
    try (Fd file = Opens.openIn(root, path, FLAGS, INSIDE)) {
      if (Entries.status(file).type() != FileType.REGULAR) {
        return Optional.empty();
      }
      return Optional.of(readAll(file, maxBytes));
    } catch (LinuxException e) {
      if (e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.ENXIO, Errno.EACCES)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static byte[] readAll(Fd file, int maxBytes) throws LinuxException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.min(maxBytes, 8192));
    while (true) {
      int n = Descriptors.read(file, buffer);
      if (n <= 0) {
        return Arrays.copyOf(buffer.array(), buffer.position());
      }
      if (!buffer.hasRemaining()) {
        if (buffer.capacity() > maxBytes) {
          throw new LinuxException("read", file.name(), Errno.EFBIG);
        }
        int larger = (int) Math.min(2L * buffer.capacity(), maxBytes + 1L);
        buffer = ByteBuffer.allocate(larger).put(buffer.flip());
      }
    }
  }

  @Override
  public void close() {
    root.close();
  }
}
