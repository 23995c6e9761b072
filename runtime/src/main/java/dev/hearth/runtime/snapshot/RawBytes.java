package dev.hearth.runtime.snapshot;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An immutable sequence of bytes. Names in archives and file systems are bytes, not text: what is
 * no UTF-8 must come out as it went in.
 */
final class RawBytes implements Comparable<RawBytes> {
  static final RawBytes EMPTY = new RawBytes(new byte[0]);

  private final byte[] bytes;

  private RawBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  static RawBytes of(byte[] source, int from, int to) {
    return from == to ? EMPTY : new RawBytes(Arrays.copyOfRange(source, from, to));
  }

  static RawBytes of(byte[] source) {
    return of(source, 0, source.length);
  }

  static RawBytes of(String text) {
    return new RawBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  int length() {
    return bytes.length;
  }

  byte at(int index) {
    return bytes[index];
  }

  int indexOf(int value) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == value) {
        return i;
      }
    }
    return -1;
  }

  boolean startsWith(RawBytes prefix) {
    return bytes.length >= prefix.bytes.length
        && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
  }

  boolean endsWith(char ascii) {
    return bytes.length > 0 && bytes[bytes.length - 1] == ascii;
  }

  RawBytes from(int start) {
    return of(bytes, start, bytes.length);
  }

  RawBytes slice(int start, int end) {
    return of(bytes, start, end);
  }

  /** As a path: this, a slash and the name; the name alone when this is empty. */
  RawBytes child(RawBytes name) {
    if (bytes.length == 0) {
      return name;
    }
    byte[] joined = Arrays.copyOf(bytes, bytes.length + 1 + name.bytes.length);
    joined[bytes.length] = '/';
    name.copyTo(joined, bytes.length + 1);
    return new RawBytes(joined);
  }

  /** A copy; the sequence itself never leaves this class. */
  byte[] toArray() {
    return bytes.clone();
  }

  void copyTo(byte[] target, int position) {
    System.arraycopy(bytes, 0, target, position, bytes.length);
  }

  void putInto(ByteBuffer target) {
    target.put(bytes);
  }

  /**
   * The text that stands for these bytes in {@link dev.hearth.linux}: UTF-8, with the lone
   * surrogate U+DC80 to U+DCFF for each byte that is part of no character. Nothing is lost.
   */
  String text() {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return text.indexOf('\uFFFD') < 0 ? text : escaped();
  }

  private String escaped() {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (0xDC00 + (in.get() & 0xFF)));
      }
      decoder.reset();
    }
  }

  /** Byte by byte, unsigned: the order EROFS demands of a directory. */
  @Override
  public int compareTo(RawBytes other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RawBytes that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For messages: at most 200 characters, control characters as question marks. */
  @Override
  public String toString() {
    String text = new String(bytes, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }
}
