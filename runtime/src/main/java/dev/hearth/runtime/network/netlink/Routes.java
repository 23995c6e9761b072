package dev.hearth.runtime.network.netlink;

import java.net.InetAddress;
import java.util.Optional;

/** Messages of rtnetlink(7) about routes. */
public final class Routes {
  static final int RTM_NEWROUTE = 24;
  private static final int RTM_GETROUTE = 26;
  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;

  private static final int RT_TABLE_MAIN = 254;
  private static final int RTPROT_STATIC = 4;

  /** Learnt from a router advertisement. */
  public static final int RTPROT_RA = 9;

  private static final int RTN_UNICAST = 1;
  private static final int HEADER = 12;

  private Routes() {}

  /**
   * A route of the main table.
   *
   * @param protocol who made it (RTPROT_…)
   * @param prefixLength of its destination; 0 for a default route
   */
  public record Route(int protocol, int prefixLength, int link, Optional<InetAddress> gateway) {
    /** Reads the body of an RTM_NEWROUTE; empty for a route of another table. */
    public static Optional<Route> parse(byte[] body) {
      Attributes attributes = Attributes.parse(body, HEADER);
      if ((body[4] & 0xff) != RT_TABLE_MAIN) {
        return Optional.empty();
      }
      return Optional.of(
          new Route(
              body[5] & 0xff,
              body[1] & 0xff,
              attributes.u32(RTA_OIF).orElse(0),
              attributes.bytes(RTA_GATEWAY).map(Addresses::of)));
    }
  }

  /** Sends everything that no other route covers to a gateway. */
  public static NetlinkMessage addDefault(int link, InetAddress gateway) {
    byte[] body =
        header(Addresses.family(gateway), 0)
            .bytes(RTA_GATEWAY, gateway.getAddress())
            .u32(RTA_OIF, link)
            .toBytes();
    return message("add default route via", gateway.getHostAddress(), body);
  }

  /** Sends a prefix to a gateway. */
  public static NetlinkMessage add(int link, InetAddress prefix, int length, InetAddress gateway) {
    byte[] body =
        header(Addresses.family(gateway), length)
            .bytes(RTA_DST, prefix.getAddress())
            .bytes(RTA_GATEWAY, gateway.getAddress())
            .u32(RTA_OIF, link)
            .toBytes();
    return message("add route to", prefix.getHostAddress() + "/" + length, body);
  }

  /** For {@link NetlinkConnection#dump}: the routes of one family. */
  public static NetlinkMessage list(boolean ipv4) {
    MessageWriter body =
        new MessageWriter().headerU8(ipv4 ? Addresses.AF_INET : Addresses.AF_INET6);
    for (int i = 1; i < HEADER; i++) {
      body.headerU8(0); // anything else would be a filter
    }
    return new NetlinkMessage("list routes", "", RTM_GETROUTE, 0, body.toBytes());
  }

  private static NetlinkMessage message(String operation, String object, byte[] body) {
    return new NetlinkMessage(
        operation,
        object,
        RTM_NEWROUTE,
        NetlinkMessage.ACK | NetlinkMessage.CREATE | NetlinkMessage.REPLACE,
        body);
  }

  /** struct rtmsg. */
  private static MessageWriter header(int family, int prefixLength) {
    return new MessageWriter()
        .headerU8(family)
        .headerU8(prefixLength)
        .headerU8(0)
        .headerU8(0)
        .headerU8(RT_TABLE_MAIN)
        .headerU8(RTPROT_STATIC)
        .headerU8(0)
        .headerU8(RTN_UNICAST)
        .headerU32(0);
  }
}
