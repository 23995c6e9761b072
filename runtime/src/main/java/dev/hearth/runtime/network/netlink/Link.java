package dev.hearth.runtime.network.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A link as the kernel describes it.
 *
 * @param kind {@code veth}, {@code bridge}, …; empty for hardware and loopback
 * @param mac absent for links that are not Ethernet
 * @param master index of the bridge it is plugged into; 0 for none
 * @param group 0 unless somebody put it into one
 * @param alias the remark of {@code ip link set alias}; empty for none
 * @param operational whether packets pass: it is up, so is what it is connected to, and the kernel
 *     has drawn its conclusions from that (RFC 2863, ifOperStatus up)
 * @param hairpin whether, as a bridge port, it sends back out what came in by it
 * @param counters absent where the kernel was asked to leave them out
 */
public record Link(
    int index,
    String name,
    String kind,
    Optional<MacAddress> mac,
    int mtu,
    int master,
    int group,
    String alias,
    boolean up,
    boolean operational,
    boolean hairpin,
    Optional<Counters> counters) {

  /** What passed a link since it was made, from its own point of view. */
  public record Counters(
      long rxBytes,
      long rxPackets,
      long rxErrors,
      long rxDropped,
      long txBytes,
      long txPackets,
      long txErrors,
      long txDropped) {}

  private static final int HEADER = 16;
  private static final int IFF_UP = 1;
  private static final int OPERSTATE_UP = 6;
  private static final int STATS64_BYTES = 8 * 8;

  /**
   * Reads the body of an RTM_NEWLINK.
   *
   * @throws IllegalArgumentException if it is cut short
   */
  public static Link parse(byte[] body) {
    Attributes attributes = Attributes.parse(body, HEADER);
    ByteBuffer header = ByteBuffer.wrap(body).order(ByteOrder.nativeOrder());
    Optional<Attributes> info = attributes.nested(Links.IFLA_LINKINFO);
    return new Link(
        header.getInt(4),
        attributes.string(Links.IFLA_IFNAME).orElse(""),
        info.flatMap(i -> i.string(Links.IFLA_INFO_KIND)).orElse(""),
        attributes.bytes(Links.IFLA_ADDRESS).filter(a -> a.length == 6).map(MacAddress::of),
        attributes.u32(Links.IFLA_MTU).orElse(0),
        attributes.u32(Links.IFLA_MASTER).orElse(0),
        attributes.u32(Links.IFLA_GROUP).orElse(0),
        attributes.string(Links.IFLA_IFALIAS).orElse(""),
        (header.getInt(8) & IFF_UP) != 0,
        attributes.u8(Links.IFLA_OPERSTATE).orElse(0) == OPERSTATE_UP,
        info.flatMap(i -> i.nested(Links.IFLA_INFO_SLAVE_DATA))
            .map(port -> port.u8(Links.IFLA_BRPORT_MODE).orElse(0) == 1)
            .orElse(false),
        attributes
            .bytes(Links.IFLA_STATS64)
            .filter(s -> s.length >= STATS64_BYTES)
            .map(Link::counters));
  }

  /** struct rtnl_link_stats64 begins with packets, bytes, errors, dropped, each rx then tx. */
  private static Counters counters(byte[] stats) {
    ByteBuffer in = ByteBuffer.wrap(stats).order(ByteOrder.nativeOrder());
    return new Counters(
        in.getLong(16),
        in.getLong(0),
        in.getLong(32),
        in.getLong(48),
        in.getLong(24),
        in.getLong(8),
        in.getLong(40),
        in.getLong(56));
  }
}
