package dev.hearth.runtime.network;

import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An address and how many of its leading bits name its network, as {@code 10.201.0.5/16} (RFC 4632)
 * or {@code fd00::5/64} (RFC 4291).
 */
public record IpPrefix(InetAddress address, int length) {
  public IpPrefix {
    if (length < 0 || length > address.getAddress().length * 8) {
      throw new IllegalArgumentException(
          "prefix length " + length + " does not fit " + address.getHostAddress());
    }
  }

  /**
   * Reads the notation above.
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static IpPrefix parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("an address without /LENGTH: " + text);
    }
    return new IpPrefix(
        InetAddress.ofLiteral(text.substring(0, slash)),
        Integer.parseInt(text.substring(slash + 1)));
  }

  public boolean isIpv4() {
    return address instanceof Inet4Address;
  }

  /** How many bits tell the addresses of the network apart. */
  int hostBits() {
    return address.getAddress().length * 8 - length;
  }

  /** The address so many after the network's first, with the same length. */
  IpPrefix plus(int offset) {
    byte[] bytes = address.getAddress();
    BigInteger network = new BigInteger(1, bytes).shiftRight(hostBits()).shiftLeft(hostBits());
    byte[] sum = network.add(BigInteger.valueOf(offset)).toByteArray();
    byte[] result = new byte[bytes.length];
    int copied = Math.min(sum.length, result.length);
    System.arraycopy(sum, sum.length - copied, result, result.length - copied, copied);
    return new IpPrefix(of(result), length);
  }

  /** How many after the network's first the address is; -1 if outside, or too far to matter. */
  int offsetOf(InetAddress other) {
    if (!contains(other)) {
      return -1;
    }
    BigInteger offset =
        new BigInteger(1, other.getAddress())
            .subtract(new BigInteger(1, plus(0).address.getAddress()));
    return offset.bitLength() < 31 ? offset.intValueExact() : -1;
  }

  /** Whether an address is in the network. */
  public boolean contains(InetAddress other) {
    byte[] mine = address.getAddress();
    byte[] theirs = other.getAddress();
    return mine.length == theirs.length
        && new BigInteger(1, mine)
            .shiftRight(hostBits())
            .equals(new BigInteger(1, theirs).shiftRight(hostBits()));
  }

  private static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
    }
  }

  @Override
  public String toString() {
    return address.getHostAddress() + "/" + length;
  }
}
