package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Byte strings, each by its address: a length and the bytes, never across chunks. Addresses count
 * units of four bytes.
 */
final class ByteHeap {
  private static final int CHUNK = 256 << 10;
  static final int LONGEST = CHUNK - 4;

  private static final int UNITS = CHUNK / 4;

  private final Scratch scratch;
  private ByteBuffer[] chunks = new ByteBuffer[0];
  private int used = CHUNK;

  ByteHeap(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Keeps a copy of the bytes, at most {@link #LONGEST}. */
  int add(byte[] source, int from, int length) throws IOException {
    if (length > LONGEST) {
      throw new IllegalArgumentException("too long to keep: " + length);
    }
    int need = (length + 4 + 3) & ~3;
    if (need > CHUNK - used) {
      int n = chunks.length;
      ByteBuffer chunk = scratch.allocate(CHUNK);
      chunks = Arrays.copyOf(chunks, n + 1);
      chunks[n] = chunk;
      used = 0;
    }
    int last = chunks.length - 1;
    chunks[last].putInt(used, length);
    chunks[last].put(used + 4, source, from, length);
    int address = last * UNITS + used / 4;
    used += need;
    return address;
  }

  int length(int address) {
    return chunks[address / UNITS].getInt(address % UNITS * 4);
  }

  /** Copies the string and returns its length. */
  int copy(int address, byte[] target, int at) {
    ByteBuffer chunk = chunks[address / UNITS];
    int offset = address % UNITS * 4;
    int length = chunk.getInt(offset);
    chunk.get(offset + 4, target, at, length);
    return length;
  }

  boolean equals(int address, byte[] other, int from, int length) {
    ByteBuffer chunk = chunks[address / UNITS];
    int offset = address % UNITS * 4;
    if (chunk.getInt(offset) != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (chunk.get(offset + 4 + i) != other[from + i]) {
        return false;
      }
    }
    return true;
  }

  /** Byte by byte, unsigned. */
  int compare(int first, int second) {
    ByteBuffer a = chunks[first / UNITS];
    ByteBuffer b = chunks[second / UNITS];
    int ao = first % UNITS * 4;
    int bo = second % UNITS * 4;
    int al = a.getInt(ao);
    int bl = b.getInt(bo);
    int common = Math.min(al, bl);
    for (int i = 4; i < common + 4; i++) {
      int c = Byte.compareUnsigned(a.get(ao + i), b.get(bo + i));
      if (c != 0) {
        return c;
      }
    }
    return al - bl;
  }
}
