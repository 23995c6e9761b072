package dev.hearth.runtime.network.netlink;

import java.util.OptionalInt;

/**
 * Messages of rtnetlink(7) about links, from include/uapi/linux/{rtnetlink,if_link,veth}.h.
 *
 * <p>A link is addressed by name or by index; indexes are those of the namespace of the socket.
 */
public final class Links {
  static final int RTM_NEWLINK = 16;
  static final int RTM_DELLINK = 17;
  static final int RTM_GETLINK = 18;

  static final int IFLA_ADDRESS = 1;
  static final int IFLA_IFNAME = 3;
  static final int IFLA_MTU = 4;
  static final int IFLA_LINK = 5;
  static final int IFLA_MASTER = 10;
  static final int IFLA_OPERSTATE = 16;
  static final int IFLA_LINKINFO = 18;
  static final int IFLA_IFALIAS = 20;
  static final int IFLA_STATS64 = 23;
  static final int IFLA_GROUP = 27;
  private static final int IFLA_AF_SPEC = 26;
  private static final int IFLA_NET_NS_FD = 28;
  private static final int IFLA_EXT_MASK = 29;

  static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_INFO_DATA = 2;
  private static final int IFLA_INFO_SLAVE_KIND = 4;
  static final int IFLA_INFO_SLAVE_DATA = 5;
  private static final int IFLA_BR_FORWARD_DELAY = 1;
  static final int IFLA_BRPORT_MODE = 4;
  private static final int VETH_INFO_PEER = 1;
  private static final int IFLA_INET6_ADDR_GEN_MODE = 8;

  private static final int AF_INET6 = 10;
  private static final int NO_LINK_LOCAL_ADDRESS = 1;
  private static final int SKIP_STATISTICS = 8;
  private static final int IFF_UP = 1;
  private static final int LOOPBACK_INDEX = 1;
  private static final int ACK = NetlinkMessage.ACK;

  private Links() {}

  /** Creates a bridge, down; fails with EEXIST if the name is taken. */
  public static NetlinkMessage createBridge(String name, MacAddress mac, int mtu) {
    MessageWriter body =
        header(0, 0)
            .string(IFLA_IFNAME, name)
            .bytes(IFLA_ADDRESS, mac.bytes())
            .u32(IFLA_MTU, mtu)
            .nest(
                IFLA_LINKINFO,
                info ->
                    info.string(IFLA_INFO_KIND, "bridge")
                        .nest(IFLA_INFO_DATA, data -> data.u32(IFLA_BR_FORWARD_DELAY, 0)));
    return create("create bridge", name, body);
  }

  /** Creates a dummy link, down: one that swallows what is sent. */
  public static NetlinkMessage createDummy(String name) {
    MessageWriter body =
        header(0, 0)
            .string(IFLA_IFNAME, name)
            .nest(IFLA_LINKINFO, info -> info.string(IFLA_INFO_KIND, "dummy"));
    return create("create dummy link", name, body);
  }

  /**
   * The far end of a virtual Ethernet cable.
   *
   * @param namespace descriptor of the network namespace it appears in
   */
  public record Peer(String name, MacAddress mac, int namespace) {}

  /**
   * Creates both ends of a virtual Ethernet cable, down: the kernel answers ENOTCONN if the message
   * that makes them brings the peer up.
   *
   * @param master index of the bridge this end is plugged into, if any
   */
  public static NetlinkMessage createVeth(String name, OptionalInt master, int mtu, Peer peer) {
    MessageWriter body = header(0, 0).string(IFLA_IFNAME, name).u32(IFLA_MTU, mtu);
    master.ifPresent(index -> body.u32(IFLA_MASTER, index));
    body.nest(
        IFLA_LINKINFO,
        info ->
            info.string(IFLA_INFO_KIND, "veth")
                .nest(
                    IFLA_INFO_DATA,
                    data ->
                        data.nestAfter(
                            VETH_INFO_PEER,
                            header(0, 0).toBytes(),
                            far ->
                                far.string(IFLA_IFNAME, peer.name())
                                    .bytes(IFLA_ADDRESS, peer.mac().bytes())
                                    .u32(IFLA_MTU, mtu)
                                    .u32(IFLA_NET_NS_FD, peer.namespace()))));
    return create("create virtual Ethernet link", name, body);
  }

  /**
   * Makes a link, already plugged into a bridge, a port that may send back out what came in by it
   * (hairpin: a pod reaching itself through a translated address where bridged packets are
   * filtered), has no IPv6 address of its own, and is up.
   *
   * @param alias a remark shown by {@code ip link}, at most 255 bytes
   */
  public static NetlinkMessage openBridgePort(String name, String alias) {
    MessageWriter body =
        header(0, IFF_UP)
            .string(IFLA_IFNAME, name)
            .string(IFLA_IFALIAS, alias)
            .nest(
                IFLA_LINKINFO,
                info ->
                    info.string(IFLA_INFO_SLAVE_KIND, "bridge")
                        .nest(IFLA_INFO_SLAVE_DATA, port -> port.u8(IFLA_BRPORT_MODE, 1)))
            .nest(
                IFLA_AF_SPEC,
                families ->
                    families.nest(
                        AF_INET6,
                        inet6 -> inet6.u8(IFLA_INET6_ADDR_GEN_MODE, NO_LINK_LOCAL_ADDRESS)));
    return new NetlinkMessage("open bridge port", name, RTM_NEWLINK, ACK, body.toBytes());
  }

  public static NetlinkMessage up(String name) {
    return new NetlinkMessage(
        "bring up link",
        name,
        RTM_NEWLINK,
        ACK,
        header(0, IFF_UP).string(IFLA_IFNAME, name).toBytes());
  }

  /** The loopback link has this index in every namespace. */
  public static NetlinkMessage loopbackUp() {
    return new NetlinkMessage(
        "bring up link", "lo", RTM_NEWLINK, ACK, header(LOOPBACK_INDEX, IFF_UP).toBytes());
  }

  public static NetlinkMessage plugInto(String name, int bridge) {
    return new NetlinkMessage(
        "plug link into bridge " + bridge,
        name,
        RTM_NEWLINK,
        ACK,
        header(0, 0).string(IFLA_IFNAME, name).u32(IFLA_MASTER, bridge).toBytes());
  }

  /** Puts a link into a group, so that it can be deleted together with the group's others. */
  public static NetlinkMessage group(int index, String name, int group) {
    return new NetlinkMessage(
        "set group of link",
        name,
        RTM_NEWLINK,
        ACK,
        header(index, 0).u32(IFLA_GROUP, group).toBytes());
  }

  public static NetlinkMessage delete(String name) {
    return new NetlinkMessage(
        "delete link", name, RTM_DELLINK, ACK, header(0, 0).string(IFLA_IFNAME, name).toBytes());
  }

  /** Deletes all links of a group at once, for the price of one. */
  public static NetlinkMessage deleteGroup(int group) {
    return new NetlinkMessage(
        "delete links of group",
        Integer.toUnsignedString(group),
        RTM_DELLINK,
        ACK,
        header(0, 0).u32(IFLA_GROUP, group).toBytes());
  }

  /**
   * Asks for one link. Kernels from 6.8 on first draw all conclusions from changes of its carrier,
   * which they otherwise put off (linkwatch).
   */
  public static NetlinkMessage get(String name) {
    return new NetlinkMessage(
        "find link", name, RTM_GETLINK, ACK, header(0, 0).string(IFLA_IFNAME, name).toBytes());
  }

  /** For {@link NetlinkConnection#dump}: all links, without their statistics. */
  public static NetlinkMessage list() {
    return new NetlinkMessage(
        "list links",
        "",
        RTM_GETLINK,
        0,
        header(0, 0).u32(IFLA_EXT_MASK, SKIP_STATISTICS).toBytes());
  }

  /** For {@link NetlinkConnection#dump}: all links with their statistics. */
  public static NetlinkMessage listWithStatistics() {
    return new NetlinkMessage(
        "list links", "with statistics", RTM_GETLINK, 0, header(0, 0).toBytes());
  }

  private static NetlinkMessage create(String operation, String name, MessageWriter body) {
    return new NetlinkMessage(
        operation,
        name,
        RTM_NEWLINK,
        ACK | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
        body.toBytes());
  }

  /** struct ifinfomsg; a flag that is set is also in the mask of those to change. */
  private static MessageWriter header(int index, int flags) {
    return new MessageWriter()
        .headerU8(0)
        .headerU8(0)
        .headerU16(0)
        .headerU32(index)
        .headerU32(flags)
        .headerU32(flags);
  }
}
