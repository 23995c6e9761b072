package dev.hearth.shim;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes the fields of plans and messages: little-endian, nothing aligned. */
final class PlanWriter {
  private static final int INITIAL = 4096;
  private static final byte[] NO_BYTES = {};

  private ByteBuffer buffer = ByteBuffer.allocate(INITIAL).order(ByteOrder.LITTLE_ENDIAN);

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int capacity = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      buffer = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(buffer.flip());
    }
    return buffer;
  }

  PlanWriter u16(int value) {
    room(Short.BYTES).putShort((short) value);
    return this;
  }

  PlanWriter u32(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  PlanWriter u64(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  PlanWriter text(Object value) {
    byte[] bytes = value.toString().getBytes(StandardCharsets.UTF_8);
    room(Integer.BYTES + bytes.length + 1).putInt(bytes.length).put(bytes).put((byte) 0);
    return this;
  }

  PlanWriter texts(List<String> values) {
    u32(values.size());
    values.forEach(this::text);
    return this;
  }

  PlanWriter bytes(byte[] value) {
    room(Integer.BYTES + value.length).putInt(value.length).put(value);
    return this;
  }

  PlanWriter noBytes() {
    return bytes(NO_BYTES);
  }

  int position() {
    return buffer.position();
  }

  /** Overwrites a u32 written before. */
  void set(int position, int value) {
    buffer.putInt(position, value);
  }

  /** What was written, ready to be read. */
  ByteBuffer finish() {
    return buffer.flip();
  }
}
