package dev.hearth.runtime.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Keeps pulls from taking the last of the disk. Bounds on a layer do not protect a disk smaller
 * than they are: a few megabytes can unpack to all there is, and then everybody else fails too.
 */
final class DiskSpace {
  private static final long MAX_RESERVE = 64L << 20;

  /** Of a compressed layer, between two looks at the disk. */
  private static final int STEP = 1 << 16;

  private final LongSupplier usable;
  private final long reserve;

  /**
   * @param usable bytes of the disk that we may take
   * @param reserve bytes that pulls leave
   */
  DiskSpace(LongSupplier usable, long reserve) {
    this.usable = usable;
    this.reserve = reserve;
  }

  /** Of the file system of a directory. Leaves a hundredth of it, 64 MiB at most. */
  static DiskSpace of(Path directory) {
    long total = directory.toFile().getTotalSpace();
    return new DiskSpace(directory.toFile()::getUsableSpace, Math.min(MAX_RESERVE, total / 100));
  }

  /**
   * @throws IOException if so many bytes are not to be had
   */
  void require(long bytes) throws IOException {
    long left = usable.getAsLong() - reserve;
    if (left < bytes) {
      throw new IOException(
          "no space left for it: " + bytes + " bytes are needed, " + Math.max(0, left) + " free");
    }
  }

  /**
   * A compressed layer that ends with an exception when the disk, where it goes, is nearly full.
   */
  InputStream guard(InputStream compressed) {
    return new Guard(compressed);
  }

  private final class Guard extends FilterInputStream {
    private int sinceLook = STEP;

    Guard(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      look(1);
      return in.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      look(Math.min(length, STEP));
      return in.read(bytes, offset, Math.min(length, STEP));
    }

    private void look(int bytes) throws IOException {
      sinceLook += bytes;
      if (sinceLook >= STEP) {
        sinceLook = 0;
        require(1);
      }
    }
  }
}
