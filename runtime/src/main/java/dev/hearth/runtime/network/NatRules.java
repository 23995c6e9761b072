package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.netlink.NfTables.addBaseChain;
import static dev.hearth.runtime.network.netlink.NfTables.addChain;
import static dev.hearth.runtime.network.netlink.NfTables.addElements;
import static dev.hearth.runtime.network.netlink.NfTables.addRule;
import static dev.hearth.runtime.network.netlink.NfTables.addSet;
import static dev.hearth.runtime.network.netlink.NfTables.addTable;
import static dev.hearth.runtime.network.netlink.NfTables.concatenate;
import static dev.hearth.runtime.network.netlink.NfTables.deleteElements;
import static dev.hearth.runtime.network.netlink.NfTables.deleteTable;

import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import dev.hearth.runtime.network.netlink.NfTables;
import dev.hearth.runtime.network.netlink.NfTables.Element;
import dev.hearth.runtime.network.netlink.NfTables.Field;
import dev.hearth.runtime.network.netlink.NfTables.Hook;
import dev.hearth.runtime.network.netlink.Rule;
import dev.hearth.runtime.network.netlink.Rule.Family;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The packet rules of one daemon, all in a table of its own. In nft's language, for IPv4 (IPv6 is
 * alike):
 *
 * <pre>
 * table inet hearth0 {
 *   map ports4    { type inet_proto . inet_service : ipv4_addr . inet_service }
 *   map bound4    { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service }
 *   set returns4  { type inet_proto . ipv4_addr . inet_service . inet_service }
 *   chain guard   { type filter hook prerouting priority raw
 *                   iifname BRIDGE ip daddr 127.0.0.0/8 drop
 *                   iifname BRIDGE ip saddr 127.0.0.0/8 drop }
 *   chain arrive  { type nat hook prerouting priority dstnat; fib daddr type local jump hostports }
 *   chain depart  { type nat hook output priority dstnat; fib daddr type local jump hostports }
 *   chain hostports { dnat ip to ip daddr . meta l4proto . th dport map @bound4
 *                     dnat ip to meta l4proto . th dport map @ports4 }
 *   chain leave   { type nat hook postrouting priority srcnat
 *                   ip saddr 127.0.0.0/8 oifname BRIDGE masquerade
 *                   ip saddr SUBNET jump from4 }
 *   chain from4   { oifname BRIDGE ct status dnat
 *                     meta l4proto . ip daddr . th dport . ct original proto-dst @returns4 masquerade
 *                   ip daddr SUBNET return
 *                   ip daddr 224.0.0.0/4 return
 *                   masquerade }
 * }
 * </pre>
 *
 * <p>{@code guard} is there because the bridge has route_localnet, without which a connection to
 * 127.0.0.1 could not be led into a pod: pods must not reach, or seem to be, the host's loopback.
 * It comes before connection tracking, so it sees the answers of such connections with the address
 * of the bridge. The kernel has nothing of the kind for ::1: host ports are not there on it, and
 * {@code hostports} leaves it alone, so that callers of it are refused and do not wait. {@code
 * returns4} makes a pod that calls a pod by a port of the node see the answer come from there.
 *
 * <p>Nothing accepts forwarded packets: accepting in one table does not keep another from dropping.
 */
final class NatRules {
  private static final int PRIORITY_RAW = -300;
  private static final int PRIORITY_DSTNAT = -100;
  private static final int PRIORITY_SRCNAT = 100;

  private static final IpPrefix LOOPBACK4 = IpPrefix.parse("127.0.0.0/8");
  private static final IpPrefix LOOPBACK6 = IpPrefix.parse("::1/128");
  private static final IpPrefix MULTICAST4 = IpPrefix.parse("224.0.0.0/4");
  private static final IpPrefix MULTICAST6 = IpPrefix.parse("ff00::/8");

  private final NetworkConfiguration configuration;
  private final String table;

  NatRules(NetworkConfiguration configuration) {
    this.configuration = configuration;
    this.table = configuration.table();
  }

  /** The transaction that replaces the table, if there is one, by a complete one. */
  List<NetlinkMessage> install(List<Lease> leases) {
    List<NetlinkMessage> changes = new ArrayList<>();
    changes.add(addTable(table));
    changes.add(deleteTable(table));
    changes.add(addTable(table));
    addHooks(changes);
    int setId = 1;
    for (IpPrefix subnet : configuration.subnets()) {
      addSets(changes, of(subnet), setId);
      setId += 3;
      addFamily(changes, subnet);
    }
    leases.forEach(lease -> changes.addAll(addingElements(lease)));
    return NfTables.batch(changes);
  }

  /** The transaction that opens the host ports of a lease; empty if it has none. */
  List<NetlinkMessage> open(Lease lease) {
    List<NetlinkMessage> changes = addingElements(lease);
    return changes.isEmpty() ? List.of() : NfTables.batch(changes);
  }

  /** The transaction that closes the host ports of a lease; empty if it has none. */
  List<NetlinkMessage> close(Lease lease) {
    List<NetlinkMessage> changes = new ArrayList<>();
    elements(lease).forEach((set, list) -> changes.add(deleteElements(table, set, list)));
    return changes.isEmpty() ? List.of() : NfTables.batch(changes);
  }

  /** The transaction that deletes everything; fails with ENOENT if there is nothing. */
  List<NetlinkMessage> remove() {
    return NfTables.batch(List.of(deleteTable(table)));
  }

  private void addHooks(List<NetlinkMessage> changes) {
    changes.add(addBaseChain(table, "guard", "filter", Hook.PREROUTING, PRIORITY_RAW));
    changes.add(addBaseChain(table, "arrive", "nat", Hook.PREROUTING, PRIORITY_DSTNAT));
    changes.add(addBaseChain(table, "depart", "nat", Hook.OUTPUT, PRIORITY_DSTNAT));
    changes.add(addBaseChain(table, "leave", "nat", Hook.POSTROUTING, PRIORITY_SRCNAT));
    changes.add(addChain(table, "hostports"));
    changes.add(addRule(table, "arrive", new Rule().destinationIsLocal().jump("hostports")));
    changes.add(addRule(table, "depart", new Rule().destinationIsLocal().jump("hostports")));
  }

  private void addSets(List<NetlinkMessage> changes, Family family, int firstId) {
    Field address = family == Family.IPV4 ? Field.IPV4_ADDRESS : Field.IPV6_ADDRESS;
    List<Field> target = List.of(address, Field.PORT);
    changes.add(
        addSet(table, set("ports", family), firstId, List.of(Field.PROTOCOL, Field.PORT), target));
    changes.add(
        addSet(
            table,
            set("bound", family),
            firstId + 1,
            List.of(address, Field.PROTOCOL, Field.PORT),
            target));
    changes.add(
        addSet(
            table,
            set("returns", family),
            firstId + 2,
            List.of(Field.PROTOCOL, address, Field.PORT, Field.PORT),
            List.of()));
  }

  private void addFamily(List<NetlinkMessage> changes, IpPrefix subnet) {
    String bridge = configuration.bridge();
    Family family = of(subnet);
    IpPrefix multicast = subnet.isIpv4() ? MULTICAST4 : MULTICAST6;
    String from = set("from", family);
    changes.add(addChain(table, from));

    addLoopback(changes, family);
    rule(
        changes,
        "hostports",
        new Rule().family(family).translateByAddressAndPort(family, set("bound", family)));
    rule(
        changes,
        "hostports",
        new Rule().family(family).translateByPort(family, set("ports", family)));

    rule(changes, "leave", from(new Rule().family(family), subnet).jump(from));
    rule(
        changes,
        from,
        new Rule()
            .family(family)
            .leavesBy(bridge)
            .destinationWasTranslated()
            .translationIsIn(family, set("returns", family))
            .masquerade());
    rule(changes, from, to(new Rule().family(family), subnet).leaveChain());
    rule(changes, from, to(new Rule().family(family), multicast).leaveChain());
    rule(changes, from, new Rule().masquerade());
  }

  private void addLoopback(List<NetlinkMessage> changes, Family family) {
    String bridge = configuration.bridge();
    if (family == Family.IPV6) {
      rule(changes, "hostports", to(new Rule().family(family), LOOPBACK6).leaveChain());
      return;
    }
    rule(changes, "guard", to(new Rule().family(family).comesInBy(bridge), LOOPBACK4).drop());
    rule(changes, "guard", from(new Rule().family(family).comesInBy(bridge), LOOPBACK4).drop());
    rule(
        changes, "leave", from(new Rule().family(family).leavesBy(bridge), LOOPBACK4).masquerade());
  }

  private void rule(List<NetlinkMessage> changes, String chain, Rule rule) {
    changes.add(addRule(table, chain, rule));
  }

  private static Rule from(Rule rule, IpPrefix prefix) {
    return rule.from(prefix.address(), prefix.length());
  }

  private static Rule to(Rule rule, IpPrefix prefix) {
    return rule.to(prefix.address(), prefix.length());
  }

  private List<NetlinkMessage> addingElements(Lease lease) {
    List<NetlinkMessage> changes = new ArrayList<>();
    elements(lease).forEach((set, list) -> changes.add(addElements(table, set, list)));
    return changes;
  }

  /** By set, what must be in it for the host ports of a lease. */
  private Map<String, List<Element>> elements(Lease lease) {
    Map<String, List<Element>> sets = new LinkedHashMap<>();
    for (IpPrefix subnet : configuration.subnets()) {
      Optional<InetAddress> pod = lease.address(subnet.isIpv4());
      if (pod.isPresent()) {
        for (PortMapping port : lease.hostPorts()) {
          if (HostPorts.covers(port, subnet.isIpv4())) {
            collect(sets, of(subnet), pod.get().getAddress(), port);
          }
        }
      }
    }
    return sets;
  }

  private static void collect(
      Map<String, List<Element>> sets, Family family, byte[] pod, PortMapping port) {
    byte[] protocol = {(byte) number(port.protocol())};
    byte[] hostPort = be16(port.hostPort());
    byte[] podPort = be16(port.containerPort());
    byte[] target = concatenate(pod, podPort);
    Optional<InetAddress> bound = HostPorts.address(port);
    if (bound.isPresent()) {
      put(
          sets,
          set("bound", family),
          Element.of(concatenate(bound.get().getAddress(), protocol, hostPort), target));
    } else {
      put(sets, set("ports", family), Element.of(concatenate(protocol, hostPort), target));
    }
    put(sets, set("returns", family), Element.of(concatenate(protocol, pod, podPort, hostPort)));
  }

  private static void put(Map<String, List<Element>> sets, String set, Element element) {
    sets.computeIfAbsent(set, _ -> new ArrayList<>()).add(element);
  }

  private static Family of(IpPrefix subnet) {
    return subnet.isIpv4() ? Family.IPV4 : Family.IPV6;
  }

  private static String set(String name, Family family) {
    return name + (family == Family.IPV4 ? "4" : "6");
  }

  private static byte[] be16(int value) {
    return new byte[] {(byte) (value >>> 8), (byte) value};
  }

  /** IPPROTO_… of netinet/in.h. */
  private static int number(PortMapping.Protocol protocol) {
    return switch (protocol) {
      case TCP -> 6;
      case UDP -> 17;
      case SCTP -> 132;
    };
  }
}
