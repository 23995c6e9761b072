package dev.hearth.runtime.network.netlink;

import java.util.HexFormat;

/**
 * A hardware address of Ethernet.
 *
 * @param value its 48 bits, the first byte on the wire topmost
 */
public record MacAddress(long value) {
  private static final int BYTES = 6;

  public MacAddress {
    if (value >>> 48 != 0) {
      throw new IllegalArgumentException("not 48 bits: " + Long.toHexString(value));
    }
  }

  /**
   * An address from its bytes.
   *
   * @throws IllegalArgumentException if there are not six of them
   */
  public static MacAddress of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a hardware address of " + bytes.length + " bytes");
    }
    long value = 0;
    for (byte b : bytes) {
      value = value << 8 | (b & 0xff);
    }
    return new MacAddress(value);
  }

  byte[] bytes() {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (value >>> (8 * (BYTES - 1 - i)));
    }
    return bytes;
  }

  @Override
  public String toString() {
    return HexFormat.ofDelimiter(":").formatHex(bytes());
  }
}
