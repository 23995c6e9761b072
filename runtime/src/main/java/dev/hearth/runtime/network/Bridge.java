package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.network.netlink.Addresses;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.MacAddress;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import dev.hearth.runtime.network.netlink.Routes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/** The bridge that pods are plugged into, and what the host needs to forward their packets. */
final class Bridge {
  private static final int USUAL_MTU = 1500;
  private static final long OUR_MACS = 0x0268_0000_0000L;

  private final NetworkConfiguration configuration;
  private final NetworkNamespace host;

  Bridge(NetworkConfiguration configuration, NetworkNamespace host) {
    this.configuration = configuration;
    this.host = host;
  }

  /**
   * The bridge as it is.
   *
   * @param notes settings of the host that had to be changed, a line each
   */
  record Ready(int index, int mtu, List<String> notes) {}

  /** Makes what is missing; leaves alone what is there. */
  Ready ensure() throws NetworkException {
    try (NetlinkConnection routes = host.routes()) {
      Link link = ensureLink(routes);
      List<String> notes = new ArrayList<>(ensureSettings(routes));
      return new Ready(link.index(), link.mtu(), List.copyOf(notes));
    } catch (LinuxException e) {
      throw new NetworkException.Refused("set up bridge " + configuration.bridge(), e);
    }
  }

  /** Deletes the bridge; nothing happens if there is none. */
  void remove() throws NetworkException {
    try (NetlinkConnection routes = host.routes()) {
      if (find(routes).isPresent()) {
        routes.request(Links.delete(configuration.bridge()));
      }
    } catch (LinuxException e) {
      throw new NetworkException.Refused("remove bridge " + configuration.bridge(), e);
    }
  }

  private Link ensureLink(NetlinkConnection routes) throws LinuxException, NetworkException {
    Optional<Link> present = find(routes);
    if (present.isEmpty()) {
      create(routes);
      present = find(routes);
      if (configuration.subnet(false).isPresent()) {
        // Nobody else has our hardware address. Until detection of duplicates is through, the host
        // would have no address to ask for a pod's with, and packets from outside would wait.
        change(ofBridge("ipv6", "accept_dad"), "0");
      }
    }
    Link link =
        present.orElseThrow(
            () -> new LinuxException("find link", configuration.bridge(), Errno.ENODEV));
    if (!link.kind().equals("bridge")) {
      throw new NetworkException.Invalid(
          "link " + link.name() + " exists and is not a bridge: configure another bridge name");
    }
    List<NetlinkMessage> messages = new ArrayList<>();
    for (IpPrefix gateway : configuration.gateways()) {
      messages.add(Addresses.add(link.index(), gateway.address(), gateway.length()));
    }
    messages.add(Links.up(link.name()));
    routes.all(messages);
    return link;
  }

  private void create(NetlinkConnection routes) throws LinuxException {
    int mtu = configuration.mtu() == 0 ? uplinkMtu(routes) : configuration.mtu();
    try {
      routes.request(Links.createBridge(configuration.bridge(), mac(), mtu));
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  /** A bridge without an address of its own takes that of one of its ports, and changes it. */
  private MacAddress mac() {
    CRC32C crc = new CRC32C();
    crc.update(configuration.bridge().getBytes(StandardCharsets.UTF_8));
    return new MacAddress(OUR_MACS | crc.getValue());
  }

  private Optional<Link> find(NetlinkConnection routes) throws LinuxException {
    return find(routes, configuration.bridge());
  }

  static Optional<Link> find(NetlinkConnection routes, String name) throws LinuxException {
    try {
      return routes.request(Links.get(name)).stream().map(Link::parse).findFirst();
    } catch (LinuxException e) {
      if (e.is(Errno.ENODEV)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The smallest MTU among the links that lead out. */
  private static int uplinkMtu(NetlinkConnection routes) throws LinuxException {
    Map<Integer, Integer> mtus = new HashMap<>();
    for (byte[] body : routes.dump(Links.list())) {
      Link link = Link.parse(body);
      mtus.put(link.index(), link.mtu());
    }
    int smallest = Integer.MAX_VALUE;
    for (boolean ipv4 : new boolean[] {true, false}) {
      for (byte[] body : routes.dump(Routes.list(ipv4))) {
        Optional<Routes.Route> route = Routes.Route.parse(body);
        if (route.isPresent() && route.get().prefixLength() == 0) {
          smallest = Math.min(smallest, mtus.getOrDefault(route.get().link(), USUAL_MTU));
        }
      }
    }
    return smallest == Integer.MAX_VALUE ? USUAL_MTU : smallest;
  }

  private List<String> ensureSettings(NetlinkConnection routes) throws LinuxException {
    List<String> notes = new ArrayList<>();
    if (configuration.subnet(true).isPresent()) {
      if (change("net/ipv4/ip_forward", "1")) {
        notes.add("switched on forwarding of IPv4 packets (net.ipv4.ip_forward)");
      }
      change(ofBridge("ipv4", "route_localnet"), "1");
    }
    if (configuration.subnet(false).isPresent()) {
      // A pod must not make itself the host's router.
      change(ofBridge("ipv6", "accept_ra"), "0");
      notes.addAll(forwardIpv6(routes));
    }
    return notes;
  }

  /**
   * A host that forwards ignores router advertisements unless told to heed them all the same, and
   * would lose the default route it has from them.
   */
  private List<String> forwardIpv6(NetlinkConnection routes) throws LinuxException {
    String forwarding = "net/ipv6/conf/all/forwarding";
    if (host.setting(forwarding).orElse("").equals("1")) {
      return List.of();
    }
    List<String> notes = new ArrayList<>();
    for (String link : advertised(routes)) {
      String acceptance = "net/ipv6/conf/" + link + "/accept_ra";
      if (host.setting(acceptance).orElse("").equals("1")) {
        host.set(acceptance, "2");
        notes.add("made " + link + " heed router advertisements although the host forwards");
      }
    }
    host.set(forwarding, "1");
    notes.add("switched on forwarding of IPv6 packets (net.ipv6.conf.all.forwarding)");
    return notes;
  }

  /** Names of the links with routes learnt from router advertisements. */
  private static List<String> advertised(NetlinkConnection routes) throws LinuxException {
    List<Integer> indexes = new ArrayList<>();
    for (byte[] body : routes.dump(Routes.list(false))) {
      Routes.Route.parse(body)
          .filter(route -> route.protocol() == Routes.RTPROT_RA)
          .ifPresent(route -> indexes.add(route.link()));
    }
    if (indexes.isEmpty()) {
      return List.of();
    }
    return routes.dump(Links.list()).stream()
        .map(Link::parse)
        .filter(link -> indexes.contains(link.index()))
        .map(Link::name)
        .toList();
  }

  private String ofBridge(String family, String setting) {
    return "net/" + family + "/conf/" + configuration.bridge() + "/" + setting;
  }

  private boolean change(String setting, String value) throws LinuxException {
    if (host.setting(setting).orElse("").equals(value)) {
      return false;
    }
    host.set(setting, value);
    return true;
  }
}
