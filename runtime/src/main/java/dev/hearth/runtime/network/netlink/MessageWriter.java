package dev.hearth.runtime.network.netlink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Writes the body of a netlink message: a fixed header followed by attributes, each a length, a
 * type and a value padded to four bytes (netlink(7)). Numbers are in the machine's byte order
 * unless the method says big-endian; all machines Hearth runs on are little-endian. Confined to one
 * thread.
 */
public final class MessageWriter {
  private static final int ALIGNMENT = 4;
  private static final int ATTRIBUTE_HEADER = 4;
  private static final int NESTED = 0x8000;

  private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

  /** A byte of the fixed header. */
  public MessageWriter headerU8(int value) {
    room(1).put((byte) value);
    return this;
  }

  /** Two bytes of the fixed header. */
  public MessageWriter headerU16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  /** Two bytes of the fixed header, big-endian. */
  public MessageWriter headerBe16(int value) {
    room(2).put((byte) (value >>> 8)).put((byte) value);
    return this;
  }

  /** Four bytes of the fixed header. */
  public MessageWriter headerU32(int value) {
    room(4).putInt(value);
    return this;
  }

  public MessageWriter u8(int type, int value) {
    return bytes(type, (byte) value);
  }

  public MessageWriter u32(int type, int value) {
    start(type, 4);
    buffer.putInt(value);
    return this;
  }

  /** A big-endian number, as every number of nf_tables is. */
  public MessageWriter be32(int type, int value) {
    return bytes(
        type, (byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value);
  }

  /** A string with its terminating zero. */
  public MessageWriter string(int type, String value) {
    byte[] text = value.getBytes(UTF_8);
    return bytes(type, Arrays.copyOf(text, text.length + 1));
  }

  public MessageWriter bytes(int type, byte... value) {
    start(type, value.length);
    buffer.put(value);
    pad();
    return this;
  }

  /** An attribute that contains attributes. */
  public MessageWriter nest(int type, Consumer<MessageWriter> content) {
    return nestAfter(type, new byte[0], content);
  }

  /** An attribute that contains a fixed header followed by attributes. */
  public MessageWriter nestAfter(int type, byte[] header, Consumer<MessageWriter> content) {
    int start = buffer.position();
    start(type | NESTED, header.length);
    buffer.put(header);
    pad();
    content.accept(this);
    int length = buffer.position() - start;
    if (length > 0xffff) {
      throw new IllegalArgumentException("a netlink attribute of " + length + " bytes");
    }
    buffer.putShort(start, (short) length);
    return this;
  }

  /** All that was written. */
  public byte[] toBytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private void start(int type, int valueLength) {
    int length = ATTRIBUTE_HEADER + valueLength;
    if (length > 0xffff) {
      throw new IllegalArgumentException("a netlink attribute of " + length + " bytes");
    }
    room(length + ALIGNMENT).putShort((short) length).putShort((short) type);
  }

  private void pad() {
    while (buffer.position() % ALIGNMENT != 0) {
      room(1).put((byte) 0);
    }
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int capacity = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      ByteBuffer larger = ByteBuffer.allocate(capacity).order(ByteOrder.nativeOrder());
      buffer = larger.put(buffer.flip());
    }
    return buffer;
  }
}
