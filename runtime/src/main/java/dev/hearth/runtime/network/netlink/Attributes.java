package dev.hearth.runtime.network.netlink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The attributes of a netlink message or of a nested attribute, read from the kernel. What is cut
 * short is refused rather than guessed at.
 */
public final class Attributes {
  private static final int TYPE_MASK = 0x3fff;

  private record Attribute(int type, ByteBuffer value) {}

  private final List<Attribute> list;

  private Attributes(List<Attribute> list) {
    this.list = list;
  }

  /**
   * Reads attributes up to the buffer's limit.
   *
   * @throws IllegalArgumentException if a length does not fit
   */
  public static Attributes parse(ByteBuffer source) {
    ByteBuffer in = source.slice().order(ByteOrder.nativeOrder());
    List<Attribute> list = new ArrayList<>();
    while (in.remaining() >= 4) {
      int start = in.position();
      int length = Short.toUnsignedInt(in.getShort());
      int type = Short.toUnsignedInt(in.getShort()) & TYPE_MASK;
      if (length < 4 || start + length > in.limit()) {
        throw new IllegalArgumentException(
            "netlink attribute "
                + type
                + " claims "
                + length
                + " bytes, "
                + (in.limit() - start)
                + " are there");
      }
      list.add(new Attribute(type, in.slice(start + 4, length - 4)));
      in.position(Math.min(start + ((length + 3) & ~3), in.limit()));
    }
    return new Attributes(list);
  }

  public static Attributes parse(byte[] source, int offset) {
    if (offset > source.length) {
      throw new IllegalArgumentException(
          "a netlink body of " + source.length + " bytes lacks its header of " + offset);
    }
    return parse(ByteBuffer.wrap(source, offset, source.length - offset));
  }

  public Optional<byte[]> bytes(int type) {
    return find(type).map(Attributes::copy);
  }

  public OptionalInt u8(int type) {
    return find(type)
        .filter(v -> v.remaining() >= 1)
        .map(v -> OptionalInt.of(v.get(0) & 0xff))
        .orElseGet(OptionalInt::empty);
  }

  public OptionalInt u32(int type) {
    return number(type, ByteOrder.nativeOrder());
  }

  public OptionalInt be32(int type) {
    return number(type, ByteOrder.BIG_ENDIAN);
  }

  private OptionalInt number(int type, ByteOrder order) {
    return find(type)
        .filter(v -> v.remaining() >= 4)
        .map(v -> OptionalInt.of(v.order(order).getInt(0)))
        .orElseGet(OptionalInt::empty);
  }

  /** A string without its terminating zero. */
  public Optional<String> string(int type) {
    return bytes(type).map(Attributes::untilZero);
  }

  public Optional<Attributes> nested(int type) {
    return find(type).map(Attributes::parse);
  }

  /** Every attribute of the type, as nested attributes: the lists of nf_tables. */
  public List<Attributes> eachNested(int type) {
    return list.stream().filter(a -> a.type == type).map(a -> parse(a.value)).toList();
  }

  /** The types present, in order. */
  public List<Integer> types() {
    return list.stream().map(Attribute::type).toList();
  }

  private Optional<ByteBuffer> find(int type) {
    return list.stream().filter(a -> a.type == type).map(a -> a.value.duplicate()).findFirst();
  }

  private static byte[] copy(ByteBuffer value) {
    byte[] copy = new byte[value.remaining()];
    value.get(copy);
    return copy;
  }

  private static String untilZero(byte[] text) {
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, UTF_8);
  }
}
