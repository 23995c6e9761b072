package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Records of one size by number, without an object for each. */
final class RecordTable {
  private static final int CHUNK_SHIFT = 12;
  private static final int CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;

  private final Scratch scratch;
  private final int recordBytes;
  private ByteBuffer[] chunks = new ByteBuffer[0];
  private int size;

  RecordTable(Scratch scratch, int recordBytes) {
    this.scratch = scratch;
    this.recordBytes = recordBytes;
  }

  int size() {
    return size;
  }

  /** Adds a record of zeros and returns its number. */
  int add() throws IOException {
    int record = size;
    int chunk = record >>> CHUNK_SHIFT;
    if (chunk == chunks.length) {
      chunks = Arrays.copyOf(chunks, chunk + 1);
      chunks[chunk] = scratch.allocate(recordBytes << CHUNK_SHIFT);
    }
    size++;
    return record;
  }

  int getInt(int record, int field) {
    return chunks[record >>> CHUNK_SHIFT].getInt(at(record, field));
  }

  void putInt(int record, int field, int value) {
    chunks[record >>> CHUNK_SHIFT].putInt(at(record, field), value);
  }

  long getLong(int record, int field) {
    return chunks[record >>> CHUNK_SHIFT].getLong(at(record, field));
  }

  void putLong(int record, int field, long value) {
    chunks[record >>> CHUNK_SHIFT].putLong(at(record, field), value);
  }

  private int at(int record, int field) {
    return (record & CHUNK_MASK) * recordBytes + field;
  }
}
