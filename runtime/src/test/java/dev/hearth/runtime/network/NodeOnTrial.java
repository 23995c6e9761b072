package dev.hearth.runtime.network;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.netlink.Addresses;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.MacAddress;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import dev.hearth.runtime.network.netlink.Routes;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A node made of network namespaces, so that nothing of the machine's own network is touched: one
 * stands for the host, one for the world outside, joined by a cable. The host is 192.0.2.1 and
 * fd99::1 on {@code uplink}, the world 192.0.2.2 and fd99::2; the world has no route to pods.
 */
final class NodeOnTrial implements AutoCloseable {
  static final NetlinkSockets SOCKETS = NetlinkSockets.KERNEL;

  final Path directory;
  final Path host;
  final Path world;
  final NetworkNamespace hostNamespace;
  final BlockingCalls blocking = new BlockingCalls(8);
  private final PodNamespaces namespaces =
      new PodNamespaces(SOCKETS, PreparedNamespaces.NONE, blocking);
  private final List<Path> states = new ArrayList<>();

  NodeOnTrial(Path directory) throws Exception {
    this.directory = directory;
    host = netns("host");
    world = netns("world");
    hostNamespace = NetworkNamespace.at(host, SOCKETS);
    NetworkNamespace worldNamespace = NetworkNamespace.at(world, SOCKETS);
    try (NetlinkConnection inHost = hostNamespace.routes();
        NetlinkConnection inWorld = worldNamespace.routes();
        Fd worldFd = Namespaces.open(world)) {
      hostNamespace.set("net/ipv4/ip_forward", "0"); // inherited from the machine
      hostNamespace.set("net/ipv6/conf/default/accept_dad", "0");
      worldNamespace.set("net/ipv6/conf/default/accept_dad", "0");
      inHost.request(
          Links.createVeth(
              "uplink",
              OptionalInt.empty(),
              1500,
              new Links.Peer("uplink", new MacAddress(0x0200_0000_0002L), worldFd.number())));
      address(inHost, "192.0.2.1/24", "fd99::1/64");
      address(inWorld, "192.0.2.2/24", "fd99::2/64");
      int link = index(inHost, "uplink");
      inHost.request(Routes.addDefault(link, InetAddress.ofLiteral("192.0.2.2")));
      inHost.request(Routes.addDefault(link, InetAddress.ofLiteral("fd99::2")));
    }
  }

  private static void address(NetlinkConnection routes, String... prefixes) throws Exception {
    routes.request(Links.up("uplink"));
    for (String prefix : prefixes) {
      IpPrefix address = IpPrefix.parse(prefix);
      routes.request(Addresses.add(index(routes, "uplink"), address.address(), address.length()));
    }
  }

  static int index(NetlinkConnection routes, String link) throws LinuxException {
    return Link.parse(routes.request(Links.get(link)).getFirst()).index();
  }

  /** Makes a network namespace; it goes with the node. */
  Path netns(String name) throws NetworkException {
    Path state = directory.resolve("ns-" + name);
    states.add(state);
    namespaces.create(
        state, new PodNamespaces.Request(EnumSet.of(Namespace.NETWORK), "", Map.of()));
    return PodNamespaces.pin(state, Namespace.NETWORK);
  }

  /** The network of a daemon on this node, without a pool. */
  BuiltInNetwork network(String bridge, String... subnets) throws NetworkException {
    return network(SOCKETS, 0, bridge, subnets);
  }

  /** The network of a daemon on this node. */
  BuiltInNetwork network(NetlinkSockets sockets, int prepared, String bridge, String... subnets)
      throws NetworkException {
    return BuiltInNetwork.open(
        new NetworkConfiguration(
            bridge, List.of(subnets).stream().map(IpPrefix::parse).toList(), 0, prepared),
        directory.resolve("leases-" + bridge),
        NetworkNamespace.at(host, sockets),
        sockets,
        blocking,
        Clock.systemUTC());
  }

  /** Waits until something holds that is on its way, for at most 20 seconds. */
  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain");
      }
      LockSupport.parkNanos(500_000);
    }
  }

  static void awaitTeardown(PodNetwork network) {
    await(() -> network.pending().isEmpty());
  }

  static PodId pod(int n) {
    return new PodId(
        String.format("%08x", n * 0x9e3779b1) + "0".repeat(48) + String.format("%08x", n));
  }

  /** What a command did. */
  record Outcome(int exit, String output) {}

  /** Runs a command in a network namespace, for at most 20 seconds. */
  static Outcome run(Path netns, String... command) throws IOException, InterruptedException {
    Process process = start(netns, command);
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output);
  }

  /** Starts a command in a network namespace. */
  static Process start(Path netns, String... command) throws IOException {
    List<String> line = new ArrayList<>(List.of("nsenter", "--net=" + netns));
    line.addAll(List.of(command));
    return new ProcessBuilder(line).redirectErrorStream(true).start();
  }

  /** Names of the host's links. */
  List<String> hostLinks() throws LinuxException {
    try (NetlinkConnection routes = hostNamespace.routes()) {
      return routes.dump(Links.list()).stream().map(Link::parse).map(Link::name).toList();
    }
  }

  @Override
  public void close() throws NetworkException {
    for (Path state : states) {
      namespaces.remove(state);
    }
    blocking.close();
  }
}
