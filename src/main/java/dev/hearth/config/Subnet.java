package dev.hearth.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * A range of addresses in CIDR notation, RFC 4632: the bits of {@code network} after {@code
 * prefixLength} are zero.
 */
public record Subnet(InetAddress network, int prefixLength) {
  public Subnet {
    byte[] bytes = network.getAddress();
    if (prefixLength < 0 || prefixLength > bytes.length * 8) {
      throw new IllegalArgumentException(
          "a prefix of this family has 0 to " + bytes.length * 8 + " bits, not " + prefixLength);
    }
    for (int bit = prefixLength; bit < bytes.length * 8; bit++) {
      if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
        throw new IllegalArgumentException(
            network.getHostAddress() + "/" + prefixLength + " has bits set after its prefix");
      }
    }
  }

  /** Reads {@code ADDRESS/LENGTH}; the address must be a literal, nothing is looked up. */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("a subnet is written ADDRESS/LENGTH, not " + text);
    }
    try {
      return new Subnet(
          InetAddress.ofLiteral(text.substring(0, slash)),
          Integer.parseInt(text.substring(slash + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no prefix length in " + text, e);
    }
  }

  /** Whether this is a range of IPv4 addresses; otherwise it is one of IPv6. */
  public boolean isIpv4() {
    return network instanceof Inet4Address;
  }

  /** Whether the two ranges have an address in common. */
  public boolean overlaps(Subnet other) {
    if (isIpv4() != other.isIpv4()) {
      return false;
    }
    int common = Math.min(prefixLength, other.prefixLength);
    return Arrays.equals(firstBits(common), other.firstBits(common));
  }

  private byte[] firstBits(int count) {
    byte[] bytes = network.getAddress();
    for (int bit = count; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
    }
    return bytes;
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + prefixLength;
  }
}
