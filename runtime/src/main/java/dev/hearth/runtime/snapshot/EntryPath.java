package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.unsafe;

import java.util.Arrays;

/**
 * A path taken apart: slashes at its start, empty components and {@code .} are gone, {@code ..} has
 * taken the component before it along. Used again and again, since an archive has many.
 */
final class EntryPath {
  private byte[] bytes = new byte[0];
  private int[] starts = new int[32];
  private int[] ends = new int[32];
  private int count;

  /**
   * @throws LayerException when the path leads out of the root
   */
  void parse(RawBytes path) throws LayerException {
    bytes = path.toArray();
    count = 0;
    int start = 0;
    while (start < bytes.length) {
      int end = start;
      while (end < bytes.length && bytes[end] != '/') {
        end++;
      }
      add(start, end);
      start = end + 1;
    }
  }

  private void add(int start, int end) throws LayerException {
    int length = end - start;
    if (length == 0 || (length == 1 && bytes[start] == '.')) {
      return;
    }
    if (length == 2 && bytes[start] == '.' && bytes[start + 1] == '.') {
      if (count == 0) {
        throw unsafe("it leads out of the layer");
      }
      count--;
      return;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
    }
    starts[count] = start;
    ends[count] = end;
    count++;
  }

  int count() {
    return count;
  }

  byte[] bytes() {
    return bytes;
  }

  int start(int component) {
    return starts[component];
  }

  int length(int component) {
    return ends[component] - starts[component];
  }

  RawBytes component(int index) {
    return RawBytes.of(bytes, starts[index], ends[index]);
  }
}
