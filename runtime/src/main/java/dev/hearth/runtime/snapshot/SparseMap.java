package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;

import java.util.Arrays;

/** Which regions of a sparse file are stored in the archive, in order and apart. */
final class SparseMap {
  private final int maxRegions;
  private long[] bounds = new long[16];
  private int count;
  private long stored;
  private long end;

  SparseMap(int maxRegions) {
    this.maxRegions = maxRegions;
  }

  /**
   * Adds a region behind all others.
   *
   * @throws LayerException when it overlaps one, or there are too many
   */
  void add(long offset, long length) throws LayerException {
    if (offset < end || length < 0 || offset > Long.MAX_VALUE - length) {
      throw malformed("regions of the sparse file overlap or lie outside");
    }
    if (count == maxRegions) {
      throw LayerException.limit("sparse file of more than " + maxRegions + " regions");
    }
    if (2 * count == bounds.length) {
      bounds = Arrays.copyOf(bounds, 4 * count);
    }
    bounds[2 * count] = offset;
    bounds[2 * count + 1] = length;
    count++;
    stored += length;
    end = offset + length;
  }

  int regions() {
    return count;
  }

  long offset(int region) {
    return bounds[2 * region];
  }

  long length(int region) {
    return bounds[2 * region + 1];
  }

  /** Checks the map against what the headers say of the file. */
  void verify(long realSize, long storedSize) throws LayerException {
    if (realSize < end) {
      throw malformed("the sparse file is shorter than its regions");
    }
    if (stored != storedSize) {
      throw malformed("the sparse file's regions are not as long as its content");
    }
  }
}
