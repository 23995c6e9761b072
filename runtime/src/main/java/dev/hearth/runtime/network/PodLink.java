package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.netlink.Addresses;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.MacAddress;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import dev.hearth.runtime.network.netlink.Routes;
import dev.hearth.runtime.network.netlink.TrafficControl;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;

/**
 * The virtual Ethernet cable between a pod and the bridge.
 *
 * <p>The pod's interface has a hardware address made from its IP address, so whoever gets that
 * address next is not shadowed by what neighbours remember.
 */
final class PodLink {
  static final String IN_POD = "eth0";
  private static final int ID_DIGITS = 10;
  private static final long OUR_MACS = 0x0268_0000_0000L;
  private static final long MOMENT_NANOS = 10_000_000;
  private static final long PAUSE_NANOS = 50_000;

  /**
   * Pods must not be led astray by router advertisements of other pods, and their addresses have no
   * duplicates to be detected.
   */
  private static final Map<String, String> POD_SETTINGS_IPV6 =
      Map.of("net/ipv6/conf/default/accept_ra", "0", "net/ipv6/conf/default/accept_dad", "0");

  private final NetworkConfiguration configuration;
  private final NetworkNamespace host;
  private final NetlinkSockets sockets;

  PodLink(NetworkConfiguration configuration, NetworkNamespace host, NetlinkSockets sockets) {
    this.configuration = configuration;
    this.host = host;
    this.sockets = sockets;
  }

  /** The name of the host's end, for a pod connected without the pool. */
  static String nameFor(NetworkConfiguration configuration, PodId pod) {
    return configuration.linkPrefix() + pod.value().substring(0, ID_DIGITS);
  }

  /** The name of the host's end for the n-th that is made beforehand. */
  String spareName(int n) {
    return configuration.linkPrefix() + "00" + HexFormat.of().toHexDigits(n);
  }

  /** Whether a link of the host has a name that only we give. */
  boolean isOurs(String name) {
    String prefix = configuration.linkPrefix();
    return name.length() == prefix.length() + ID_DIGITS
        && name.startsWith(prefix)
        && name.chars().skip(prefix.length()).allMatch(HexFormat::isHexDigit);
  }

  NetworkAttachment describe(Lease lease) {
    return describe(lease.link(), lease.addresses());
  }

  NetworkAttachment describe(String link, List<InetAddress> addresses) {
    List<IpPrefix> prefixes = new ArrayList<>();
    List<InetAddress> gateways = new ArrayList<>();
    for (InetAddress address : addresses) {
      for (IpPrefix gateway : configuration.gateways()) {
        if (gateway.contains(address)) {
          prefixes.add(new IpPrefix(address, gateway.length()));
          gateways.add(gateway.address());
        }
      }
    }
    return new NetworkAttachment(IN_POD, mac(addresses), prefixes, gateways, link);
  }

  private static MacAddress mac(List<InetAddress> addresses) {
    byte[] address = addresses.getFirst().getAddress();
    long value = OUR_MACS;
    for (int i = 0; i < 4; i++) {
      value |= (address[address.length - 4 + i] & 0xffL) << (24 - 8 * i);
    }
    return new MacAddress(value);
  }

  /**
   * Makes the cable and sets up its end in the pod. Fails with EEXIST if there is one.
   *
   * @param netns where the pod's network namespace is pinned
   */
  NetworkAttachment create(Lease lease, Path netns, Bridge.Ready bridge) throws LinuxException {
    NetworkAttachment attachment = describe(lease);
    try (Fd namespace = Namespaces.open(netns);
        NetlinkConnection inPod =
            NetworkNamespace.at(netns, sockets).routesWith(podSettings(attachment))) {
      connect(attachment, namespace, inPod, bridge, remark(lease.pod()));
    }
    return attachment;
  }

  /** Makes a namespace that is connected before its pod is known. */
  NetworkPool.Prepared prepare(NetworkAttachment attachment, Bridge.Ready bridge)
      throws LinuxException {
    NetworkNamespace.New made = NetworkNamespace.make(sockets, podSettings(attachment));
    try (NetlinkConnection inPod = made.routes()) {
      connect(attachment, made.namespace(), inPod, bridge, "prepared");
      return new NetworkPool.Prepared(made.namespace(), attachment);
    } catch (LinuxException | RuntimeException e) {
      made.namespace().close();
      throw e;
    }
  }

  /** Tells whose a cable is that was made beforehand; fails with ENODEV if it is gone. */
  void label(NetworkAttachment attachment, PodId pod) throws LinuxException {
    try (NetlinkConnection inHost = host.routes()) {
      inHost.request(Links.openBridgePort(attachment.hostLink(), remark(pod)));
    }
  }

  /** What is written on the host's end of a pod's cable. */
  static String remark(PodId pod) {
    return "pod " + pod;
  }

  private static Map<String, String> podSettings(NetworkAttachment attachment) {
    boolean ipv6 = attachment.addresses().stream().anyMatch(a -> !a.isIpv4());
    return ipv6 ? POD_SETTINGS_IPV6 : Map.of();
  }

  private void connect(
      NetworkAttachment attachment,
      Fd netns,
      NetlinkConnection inPod,
      Bridge.Ready bridge,
      String remark)
      throws LinuxException {
    try (NetlinkConnection inHost = host.routes()) {
      Links.Peer peer = new Links.Peer(IN_POD, attachment.mac(), netns.number());
      inHost.request(
          Links.createVeth(
              attachment.hostLink(), OptionalInt.of(bridge.index()), bridge.mtu(), peer));
      configure(inPod, attachment);
      inHost.request(Links.openBridgePort(attachment.hostLink(), remark));
      awaitOperational(inHost, inPod, attachment);
    }
  }

  /**
   * Until the kernel has drawn its conclusions from both ends being up, the bridge drops what the
   * port sends and is sent, and the pod what it sends; a first packet lost is a second lost. Mostly
   * the kernel draws them when it is asked; one that does not is given a moment.
   *
   * <p>An IPv6 address is heard of by neighbours, and answers, a little later still: the kernel
   * joins the group of its solicitations in the background, within a millisecond or so
   * (addrconf_dad_work). That is not waited for; the first process of a pod takes longer to come.
   */
  private static void awaitOperational(
      NetlinkConnection inHost, NetlinkConnection inPod, NetworkAttachment attachment)
      throws LinuxException {
    long deadline = System.nanoTime() + MOMENT_NANOS;
    while (!(isOperational(inHost, attachment.hostLink()) && isOperational(inPod, IN_POD))
        && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static boolean isOperational(NetlinkConnection routes, String link)
      throws LinuxException {
    return Bridge.find(routes, link).filter(l -> !l.operational()).isEmpty();
  }

  private static void configure(NetlinkConnection inPod, NetworkAttachment attachment)
      throws LinuxException {
    List<List<byte[]>> answers =
        inPod.all(List.of(Links.loopbackUp(), Links.up(IN_POD), Links.get(IN_POD)));
    int index =
        answers.getLast().stream()
            .map(Link::parse)
            .findFirst()
            .orElseThrow(() -> new LinuxException("find link", IN_POD, Errno.ENODEV))
            .index();
    List<NetlinkMessage> messages = new ArrayList<>();
    for (IpPrefix address : attachment.addresses().reversed()) { // IPv6 first: it takes a moment
      messages.add(Addresses.add(index, address.address(), address.length()));
    }
    for (InetAddress gateway : attachment.gateways()) {
      messages.add(Routes.addDefault(index, gateway));
    }
    inPod.all(messages);
  }

  /** Limits what each end of a cable sends: the host's to the pod, and the pod's to anybody. */
  void limit(Path netns, String hostLink, Bandwidth bandwidth) throws LinuxException {
    if (bandwidth.ingress().isPresent()) {
      try (NetlinkConnection inHost = host.routes()) {
        limit(inHost, hostLink, bandwidth.ingress().get());
      }
    }
    if (bandwidth.egress().isPresent()) {
      try (NetlinkConnection inPod = NetworkNamespace.at(netns, sockets).routes()) {
        limit(inPod, IN_POD, bandwidth.egress().get());
      }
    }
  }

  private static void limit(NetlinkConnection routes, String name, long bitsPerSecond)
      throws LinuxException {
    Link link =
        Bridge.find(routes, name)
            .orElseThrow(() -> new LinuxException("find link", name, Errno.ENODEV));
    routes.request(TrafficControl.limit(link.index(), name, bitsPerSecond));
  }

  /** Plugs the host's end of a cable into a bridge that was made anew. */
  void plugAgain(NetlinkConnection inHost, Lease lease, Bridge.Ready bridge) throws LinuxException {
    inHost.all(
        List.of(
            Links.plugInto(lease.link(), bridge.index()),
            Links.openBridgePort(lease.link(), remark(lease.pod()))));
  }

  /** What an intact cable lacks; empty if nothing. */
  Optional<String> defect(Lease lease, Path netns, Bridge.Ready bridge) throws LinuxException {
    NetworkAttachment expected = describe(lease);
    try (NetlinkConnection inHost = host.routes()) {
      Optional<Link> link = Bridge.find(inHost, expected.hostLink());
      if (link.isEmpty()) {
        return Optional.of("the host has no link " + expected.hostLink());
      }
      if (link.get().master() != bridge.index() || !link.get().up()) {
        return Optional.of("link " + expected.hostLink() + " is down or not in the bridge");
      }
    }
    try (NetlinkConnection inPod = NetworkNamespace.at(netns, sockets).routes()) {
      return defectInside(inPod, expected);
    }
  }

  private static Optional<String> defectInside(NetlinkConnection inPod, NetworkAttachment expected)
      throws LinuxException {
    Optional<Link> link = Bridge.find(inPod, IN_POD);
    if (link.isEmpty()) {
      return Optional.of("the pod has no " + IN_POD);
    }
    if (!link.get().up() || !link.get().mac().equals(Optional.of(expected.mac()))) {
      return Optional.of(IN_POD + " of the pod is down or another's");
    }
    List<IpPrefix> present = addresses(inPod, link.get());
    for (IpPrefix address : expected.addresses()) {
      if (!present.contains(address)) {
        return Optional.of(IN_POD + " of the pod lacks " + address);
      }
    }
    for (InetAddress gateway : expected.gateways()) {
      if (!hasDefaultRoute(inPod, link.get(), gateway)) {
        return Optional.of("the pod lacks its default route via " + gateway.getHostAddress());
      }
    }
    return Optional.empty();
  }

  private static boolean hasDefaultRoute(NetlinkConnection inPod, Link link, InetAddress gateway)
      throws LinuxException {
    boolean ipv4 = gateway instanceof Inet4Address;
    return inPod.dump(Routes.list(ipv4)).stream()
        .flatMap(body -> Routes.Route.parse(body).stream())
        .anyMatch(route ->
            route.prefixLength() == 0
                && route.link() == link.index()
                && route.gateway().equals(Optional.of(gateway)));
  }

  private static List<IpPrefix> addresses(NetlinkConnection inPod, Link link)
      throws LinuxException {
    return inPod.dump(Addresses.list()).stream()
        .map(Addresses.Assigned::parse)
        .filter(a -> a.link() == link.index())
        .map(a -> new IpPrefix(a.address(), a.prefixLength()))
        .toList();
  }

  /** The addresses of our subnets that a pod has, found in its namespace. */
  List<InetAddress> addressesIn(Path netns) throws LinuxException {
    try (NetlinkConnection inPod = NetworkNamespace.at(netns, sockets).routes()) {
      Optional<Link> link = Bridge.find(inPod, IN_POD);
      if (link.isEmpty()) {
        return List.of();
      }
      List<IpPrefix> present = addresses(inPod, link.get());
      return configuration.subnets().stream()
          .flatMap(
              subnet -> present.stream().map(IpPrefix::address).filter(subnet::contains).limit(1))
          .toList();
    }
  }
}
