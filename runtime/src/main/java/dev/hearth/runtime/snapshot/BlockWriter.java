package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Writes a file from its start to its end in large pieces, leaving holes where told. */
final class BlockWriter implements AutoCloseable {
  static final int BLOCK = 4096;

  private static final byte[] ZEROS = new byte[BLOCK];

  private static final int BUFFER = 1 << 20;

  private final FileChannel file;

  /** Gives the memory back when closed, not at some collection of garbage. */
  private final Arena arena;

  private final ByteBuffer buffer;

  /** Where in the file the buffer's start belongs. */
  private long start;

  private long written;

  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena
  BlockWriter(FileChannel file) {
    this.file = file;
    this.arena = Arena.ofShared();
    this.buffer = arena.allocate(BUFFER, BLOCK).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where the next byte goes. */
  long position() {
    return start + buffer.position();
  }

  /** Bytes written so far, holes left out. */
  long written() {
    return written + buffer.position();
  }

  /** Bytes the kernel has. */
  long flushed() {
    return written;
  }

  void put(byte[] source, int offset, int length) throws IOException {
    int at = offset;
    int left = length;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int n = Math.min(left, buffer.remaining());
      buffer.put(source, at, n);
      at += n;
      left -= n;
    }
  }

  /** Room for so many bytes in the buffer, in which the caller puts them; little-endian. */
  ByteBuffer room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
    return buffer;
  }

  /** Leaves a hole, or writes zeros where that is cheaper. */
  void hole(long length) throws IOException {
    if (length <= 2L * BLOCK) {
      zeros((int) length);
      return;
    }
    flush();
    start += length;
  }

  void zeros(int length) throws IOException {
    int left = length;
    while (left > 0) {
      int n = Math.min(left, BLOCK);
      put(ZEROS, 0, n);
      left -= n;
    }
  }

  /** Fills the block begun with zeros. */
  void pad() throws IOException {
    zeros((int) (-position() & (BLOCK - 1)));
  }

  void flush() throws IOException {
    buffer.flip();
    written += buffer.remaining();
    while (buffer.hasRemaining()) {
      start += file.write(buffer, start);
    }
    buffer.clear();
  }

  @Override
  public void close() {
    arena.close();
  }
}
