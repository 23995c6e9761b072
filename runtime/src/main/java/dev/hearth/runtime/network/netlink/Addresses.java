package dev.hearth.runtime.network.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Messages of rtnetlink(7) about the addresses of links. */
public final class Addresses {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;

  static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;
  static final int IFA_ADDRESS = 1;
  static final int IFA_LOCAL = 2;
  private static final int IFA_FLAGS = 8;

  /** Duplicate address detection would keep an IPv6 address unusable for a second. */
  private static final int IFA_F_NODAD = 0x02;

  private static final int HEADER = 8;

  private Addresses() {}

  /** An address of a link. */
  public record Assigned(int link, InetAddress address, int prefixLength) {
    /**
     * Reads the body of an RTM_NEWADDR.
     *
     * @throws IllegalArgumentException if it is cut short or lacks an address
     */
    public static Assigned parse(byte[] body) {
      Attributes attributes = Attributes.parse(body, HEADER);
      byte[] address =
          attributes
              .bytes(IFA_LOCAL)
              .or(() -> attributes.bytes(IFA_ADDRESS))
              .orElseThrow(() -> new IllegalArgumentException("RTM_NEWADDR without an address"));
      return new Assigned(
          ByteBuffer.wrap(body).order(ByteOrder.nativeOrder()).getInt(4),
          of(address),
          body[1] & 0xff);
    }
  }

  /** Gives a link an address, at once usable; one it has already is left as it is. */
  public static NetlinkMessage add(int link, InetAddress address, int prefixLength) {
    byte[] raw = address.getAddress();
    MessageWriter body =
        new MessageWriter()
            .headerU8(family(address))
            .headerU8(prefixLength)
            .headerU8(0)
            .headerU8(0)
            .headerU32(link)
            .bytes(IFA_LOCAL, raw)
            .bytes(IFA_ADDRESS, raw);
    if (family(address) == AF_INET6) {
      body.u32(IFA_FLAGS, IFA_F_NODAD);
    }
    return new NetlinkMessage(
        "add address to link " + link,
        address.getHostAddress() + "/" + prefixLength,
        RTM_NEWADDR,
        NetlinkMessage.ACK | NetlinkMessage.CREATE | NetlinkMessage.REPLACE,
        body.toBytes());
  }

  /** For {@link NetlinkConnection#dump}: the addresses of all links. */
  public static NetlinkMessage list() {
    byte[] body =
        new MessageWriter().headerU8(0).headerU8(0).headerU8(0).headerU8(0).headerU32(0).toBytes();
    return new NetlinkMessage("list addresses", "", RTM_GETADDR, 0, body);
  }

  static int family(InetAddress address) {
    return address instanceof Inet4Address ? AF_INET : AF_INET6;
  }

  static InetAddress of(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address of " + address.length + " bytes", e);
    }
  }
}
