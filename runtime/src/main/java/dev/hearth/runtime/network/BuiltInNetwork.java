package dev.hearth.runtime.network;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The network that needs nothing but the kernel: a bridge, a virtual Ethernet cable to each pod,
 * and a table of nf_tables that hides pods behind the host's addresses and leads ports of the host
 * into them. IPv4 and IPv6.
 *
 * <p>Thread-safe. Calls into the kernel that may have to wait for another's change to its network
 * are made on platform threads.
 */
public final class BuiltInNetwork implements PodNetwork {
  private final NetworkConfiguration configuration;
  private final NetworkNamespace host;
  private final BlockingCalls blocking;
  private final AddressBook book;
  private final List<Path> tornLeases;
  private final List<String> limits;
  private final Bridge bridge;
  private final Firewall firewall;
  private final PodLink cables;
  private final Teardown teardown;
  private final NetworkPool pool;
  private final AtomicInteger spares = new AtomicInteger();

  /** Set once the bridge and the table are there; replaced when they had to be made again. */
  private volatile Optional<Bridge.Ready> ready = Optional.empty();

  private BuiltInNetwork(
      NetworkConfiguration configuration,
      AddressBook.Opened opened,
      NetworkNamespace host,
      NetlinkSockets sockets,
      BlockingCalls blocking,
      Clock clock,
      List<String> limits) {
    this.configuration = configuration;
    this.host = host;
    this.blocking = blocking;
    this.book = opened.book();
    this.tornLeases = opened.setAside();
    this.limits = limits;
    this.bridge = new Bridge(configuration, host);
    this.firewall = new Firewall(configuration, host, book::leases);
    this.cables = new PodLink(configuration, host, sockets);
    this.teardown = new Teardown(configuration, host, this::release, clock);
    this.pool = new NetworkPool(configuration.prepared(), this::prepare, this::discard);
  }

  /**
   * Opens the network of this host. The kernel is not touched before {@link #reconcile}, {@link
   * #status} or {@link #attach}.
   *
   * @param directory where leases are kept; created when absent
   * @param blocking where calls that may block are made
   */
  public static BuiltInNetwork open(
      NetworkConfiguration configuration,
      Path directory,
      NetlinkSockets sockets,
      BlockingCalls blocking,
      Clock clock)
      throws NetworkException {
    return open(configuration, directory, NetworkNamespace.own(sockets), sockets, blocking, clock);
  }

  /** As the other, for a network namespace that stands for the host. */
  static BuiltInNetwork open(
      NetworkConfiguration configuration,
      Path directory,
      NetworkNamespace host,
      NetlinkSockets sockets,
      BlockingCalls blocking,
      Clock clock)
      throws NetworkException {
    List<String> limits = new ArrayList<>();
    NetworkConfiguration possible = possible(configuration, host, limits);
    if (possible.subnets().isEmpty()) {
      throw new NetworkException.Invalid("no subnet that this host can use: " + limits);
    }
    BuiltInNetwork network =
        new BuiltInNetwork(
            possible,
            AddressBook.open(directory, possible.subnets(), pod -> PodLink.nameFor(possible, pod)),
            host,
            sockets,
            blocking,
            clock,
            List.copyOf(limits));
    network.teardown.start();
    return network;
  }

  /** Leaves out IPv6 where the kernel was started without it. */
  private static NetworkConfiguration possible(
      NetworkConfiguration configuration, NetworkNamespace host, List<String> limits)
      throws NetworkException {
    try {
      if (configuration.subnet(false).isEmpty()
          || host.setting("net/ipv6/conf/all/forwarding").isPresent()) {
        return configuration;
      }
    } catch (LinuxException e) {
      throw new NetworkException.Refused("find out about IPv6", e);
    }
    limits.add("the kernel runs without IPv6: pods get no IPv6 address");
    return new NetworkConfiguration(
        configuration.bridge(),
        configuration.subnets().stream().filter(IpPrefix::isIpv4).toList(),
        configuration.mtu(),
        configuration.prepared());
  }

  // Pods.

  @Override
  public NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException {
    List<PortMapping> ports = HostPorts.mapped(request.ports());
    Optional<Bandwidth> bandwidth = Bandwidth.of(request.annotations());
    return call(() -> {
      NetworkAttachment attachment = attachNow(pod, netns, ports);
      if (bandwidth.isPresent()) {
        limit(pod, netns, attachment, bandwidth.get());
      }
      return attachment;
    });
  }

  private void limit(PodId pod, Path netns, NetworkAttachment attachment, Bandwidth bandwidth)
      throws NetworkException {
    try {
      cables.limit(netns, attachment.hostLink(), bandwidth);
    } catch (LinuxException e) {
      teardown.add(attachment.hostLink(), Optional.of(pod));
      throw new NetworkException.Refused("limit the bandwidth of pod " + pod, e);
    }
  }

  private NetworkAttachment attachNow(PodId pod, Path netns, List<PortMapping> ports)
      throws NetworkException {
    Optional<NetworkAttachment> prepared = pool.claim(netns);
    if (prepared.isPresent()) {
      return adopt(pod, prepared.get(), ports);
    }
    awaitFormer(pod);
    Bridge.Ready present = ensureReady();
    String link = PodLink.nameFor(configuration, pod);
    try {
      Lease lease = lease(pod, link, ports);
      link = lease.link();
      NetworkAttachment attachment = connect(lease, netns, present);
      firewall.open(lease);
      return attachment;
    } catch (NetworkException | RuntimeException e) {
      teardown.add(link, Optional.of(pod));
      throw e;
    }
  }

  /** Gives a pod what is in its namespace already. */
  NetworkAttachment adopt(PodId pod, NetworkAttachment prepared, List<PortMapping> ports)
      throws NetworkException {
    List<InetAddress> addresses = prepared.addresses().stream().map(IpPrefix::address).toList();
    try {
      // A namespace that the pod had before has other addresses.
      book.find(pod).ifPresent(former -> teardown.add(former.link(), Optional.of(pod)));
      awaitFormer(pod);
      ensureReady();
      Lease lease = book.enter(new Lease(pod, prepared.hostLink(), addresses, ports));
      cables.label(prepared, pod);
      firewall.open(lease);
      return prepared;
    } catch (LinuxException e) {
      giveUp(pod, prepared);
      throw new NetworkException.Refused("connect pod " + pod, e);
    } catch (NetworkException | RuntimeException e) {
      giveUp(pod, prepared);
      throw e;
    }
  }

  private void giveUp(PodId pod, NetworkAttachment prepared) {
    if (book.find(pod).filter(l -> l.link().equals(prepared.hostLink())).isPresent()) {
      teardown.add(prepared.hostLink(), Optional.of(pod));
    } else {
      discard(prepared);
    }
  }

  /** What an earlier attempt left has to be gone first. */
  private void awaitFormer(PodId pod) throws NetworkException {
    if (teardown.pending(pod).isEmpty()) {
      return;
    }
    teardown.tryNow();
    Optional<PendingTeardown> left = teardown.pending(pod);
    if (left.isPresent()) {
      throw new NetworkException.Unfinished(
          "the former network of pod "
              + pod
              + " cannot be taken away: "
              + left.get().lastFailure());
    }
  }

  /** An address that is kept for a pod to come, or on its way back, is not out of reach. */
  private Lease lease(PodId pod, String link, List<PortMapping> ports) throws NetworkException {
    boolean tried = false;
    while (true) {
      try {
        return book.lease(pod, link, ports);
      } catch (NetworkException.Exhausted e) {
        if (pool.giveUpOne()) {
          continue;
        }
        if (tried || teardown.pending().isEmpty()) {
          throw e;
        }
        teardown.tryNow();
        tried = true;
      }
    }
  }

  private NetworkAttachment connect(Lease lease, Path netns, Bridge.Ready present)
      throws NetworkException {
    try {
      try {
        return cables.create(lease, netns, present);
      } catch (LinuxException e) {
        if (e.is(Errno.EEXIST)) {
          return mend(lease, netns, present);
        }
        if (e.isAnyOf(Errno.ENODEV, Errno.EINVAL) && bridgeIsGone(present)) {
          ready = Optional.empty();
          removeLink(lease.link());
          return cables.create(lease, netns, ensureReady());
        }
        throw e;
      }
    } catch (LinuxException e) {
      throw new NetworkException.Refused("connect pod " + lease.pod() + " at " + netns, e);
    }
  }

  private NetworkAttachment mend(Lease lease, Path netns, Bridge.Ready present)
      throws LinuxException {
    if (cables.defect(lease, netns, present).isEmpty()) {
      return cables.describe(lease);
    }
    removeLink(lease.link());
    return cables.create(lease, netns, present);
  }

  private boolean bridgeIsGone(Bridge.Ready known) throws LinuxException {
    try (NetlinkConnection routes = host.routes()) {
      return Bridge.find(routes, configuration.bridge())
          .filter(link -> link.index() == known.index())
          .isEmpty();
    }
  }

  private void removeLink(String link) throws LinuxException {
    try (NetlinkConnection routes = host.routes()) {
      routes.request(Links.delete(link));
    } catch (LinuxException e) {
      if (!e.is(Errno.ENODEV)) {
        throw e;
      }
    }
  }

  @Override
  public void detach(PodId pod, Optional<Path> netns) {
    Optional<Lease> lease = book.find(pod);
    if (lease.isEmpty()) {
      return; // a link without a lease is found by reconcile
    }
    try {
      call(() -> {
        closePorts(pod);
        return true;
      });
    } catch (NetworkException _) {
      // Done again, and its failure shown, by the teardown.
    }
    teardown.add(lease.get().link(), Optional.of(pod));
  }

  /** The end of a teardown: host ports, then addresses. */
  private void release(PodId pod) throws NetworkException {
    closePorts(pod);
    book.release(pod);
  }

  private void closePorts(PodId pod) throws NetworkException {
    Optional<Lease> lease = book.find(pod);
    if (lease.isPresent() && !lease.get().hostPorts().isEmpty()) {
      book.releasePorts(pod);
      firewall.close(lease.get());
    }
    firewall.mend();
  }

  @Override
  public void check(PodId pod, Path netns) throws NetworkException {
    Optional<Lease> lease = book.find(pod);
    if (lease.isEmpty()) {
      throw new NetworkException.Defective("pod " + pod + " has no addresses");
    }
    if (teardown.isPending(lease.get().link())) {
      throw new NetworkException.Defective("the network of pod " + pod + " is being taken away");
    }
    Optional<String> defect = call(() -> defect(lease.get(), netns));
    if (defect.isPresent()) {
      throw new NetworkException.Defective("network of pod " + pod + ": " + defect.get());
    }
  }

  private Optional<String> defect(Lease lease, Path netns) throws NetworkException {
    Bridge.Ready present = ensureReady();
    try {
      return cables.defect(lease, netns, present);
    } catch (LinuxException e) {
      throw new NetworkException.Refused("check pod " + lease.pod(), e);
    }
  }

  /** Whether a pod has a lease of this network. */
  public boolean knows(PodId pod) {
    return book.find(pod).isPresent();
  }

  /** Whether any pod has. */
  public boolean hasPods() {
    return !book.leases().isEmpty();
  }

  // All pods.

  private Bridge.Ready ensureReady() throws NetworkException {
    Optional<Bridge.Ready> present = ready;
    return present.isPresent() ? present.get() : makeReady();
  }

  private synchronized Bridge.Ready makeReady() throws NetworkException {
    Bridge.Ready made = bridge.ensure();
    if (ready.filter(before -> before.index() == made.index()).isEmpty()) {
      plugAgain(made);
      pool.giveUpAll();
    }
    firewall.ensure();
    ready = Optional.of(made);
    return made;
  }

  /** Somebody may have deleted the bridge, which leaves the pods' cables loose. */
  private void plugAgain(Bridge.Ready made) throws NetworkException {
    try (NetlinkConnection routes = host.routes()) {
      Map<String, Link> present = Teardown.links(routes);
      for (Lease lease : book.leases()) {
        Link link = present.get(lease.link());
        if (link != null && link.master() == 0 && link.kind().equals("veth")) {
          cables.plugAgain(routes, lease, made);
        }
      }
    } catch (LinuxException e) {
      throw new NetworkException.Refused("plug pods into bridge " + configuration.bridge(), e);
    }
  }

  @Override
  public NetworkStatus status() {
    try {
      return call(() -> {
        List<String> warnings = new ArrayList<>(limits);
        warnings.addAll(makeReady().notes());
        warnings.addAll(advice());
        return new NetworkStatus.Ready(warnings);
      });
    } catch (NetworkException e) {
      return new NetworkStatus.NotReady(String.valueOf(e.getMessage()));
    }
  }

  /** On others' tables. Pods can be connected whether it can be given or not. */
  private List<String> advice() {
    try {
      return firewall.warnings();
    } catch (NetworkException e) {
      return List.of("whether others' tables drop what pods send is not known: " + e.getMessage());
    }
  }

  @Override
  public List<PendingTeardown> pending() {
    return teardown.pending();
  }

  @Override
  public List<String> reconcile(Map<PodId, Path> live) throws NetworkException {
    return call(() -> reconcileNow(live));
  }

  private List<String> reconcileNow(Map<PodId, Path> live) throws NetworkException {
    List<String> done = new ArrayList<>(limits);
    tornLeases.forEach(file -> done.add("set aside a lease that is torn: " + file));
    for (Map.Entry<PodId, Path> pod : live.entrySet()) {
      if (book.find(pod.getKey()).isEmpty()) {
        done.add(recover(pod.getKey(), pod.getValue()));
      }
    }
    for (Lease lease : book.leases()) {
      if (!live.containsKey(lease.pod())) {
        book.releasePorts(lease.pod());
        teardown.add(lease.link(), Optional.of(lease.pod()));
        done.add("taking away the network of pod " + lease.pod() + ", which is gone");
      }
    }
    done.addAll(removeStrangers());
    Bridge.Ready present = makeReady();
    done.addAll(present.notes());
    firewall.install();
    done.addAll(connectLoose(live, present));
    pool.start();
    return List.copyOf(done);
  }

  /** Live pods whose cable somebody has cut get a new one. */
  private List<String> connectLoose(Map<PodId, Path> live, Bridge.Ready present)
      throws NetworkException {
    Set<String> links = hostLinks().stream().map(Link::name).collect(Collectors.toSet());
    List<String> done = new ArrayList<>();
    for (Lease lease : book.leases()) {
      Path netns = live.get(lease.pod());
      if (netns == null || links.contains(lease.link())) {
        continue;
      }
      try {
        connect(lease, netns, present);
        done.add("connected pod " + lease.pod() + " anew, whose link was gone");
      } catch (NetworkException e) {
        done.add("pod " + lease.pod() + " has lost its link: " + e.getMessage());
      }
    }
    return done;
  }

  /** A live pod whose lease was lost tells its addresses itself, and its cable whose it is. */
  private String recover(PodId pod, Path netns) throws NetworkException {
    List<InetAddress> addresses;
    try {
      addresses = Files.exists(netns) ? cables.addressesIn(netns) : List.of();
    } catch (LinuxException e) {
      return "pod " + pod + " has no lease, and its namespace cannot be read: " + e.getMessage();
    }
    if (addresses.isEmpty()) {
      return "pod " + pod + " has neither lease nor addresses";
    }
    String link =
        hostLinks().stream()
            .filter(l -> l.alias().equals(PodLink.remark(pod)))
            .map(Link::name)
            .findFirst()
            .orElse(PodLink.nameFor(configuration, pod));
    Lease _ = book.enter(new Lease(pod, link, addresses, List.of()));
    return "recovered the lease of pod " + pod + " from its namespace: " + addresses;
  }

  /** Links named as ours whose pods are not known at all. */
  private List<String> removeStrangers() throws NetworkException {
    Set<String> known = new HashSet<>(pool.links());
    book.leases().forEach(lease -> known.add(lease.link()));
    List<String> done = new ArrayList<>();
    for (Link link : hostLinks()) {
      if (!known.contains(link.name()) && !teardown.isPending(link.name())) {
        teardown.add(link.name(), Optional.empty());
        done.add("taking away link " + link.name() + ", whose pod is unknown");
      }
    }
    return done;
  }

  private List<Link> hostLinks() throws NetworkException {
    try (NetlinkConnection routes = host.routes()) {
      return ours(routes.dump(Links.list()).stream().map(Link::parse).toList());
    } catch (LinuxException e) {
      throw new NetworkException.Refused("list links", e);
    }
  }

  /** The host's ends of our cables: the name alone does not make a link ours. */
  private List<Link> ours(List<Link> links) {
    int bridgeIndex =
        links.stream()
            .filter(link -> link.name().equals(configuration.bridge()))
            .mapToInt(Link::index)
            .findFirst()
            .orElse(-1);
    return links.stream()
        .filter(link -> link.kind().equals("veth") && cables.isOurs(link.name()))
        .filter(link -> link.master() == bridgeIndex || link.master() == 0)
        .toList();
  }

  /**
   * {@inheritDoc}
   *
   * <p>All is read at once from the host's ends of the cables, whose sending is the pods'
   * receiving.
   */
  @Override
  public Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods)
      throws NetworkException {
    Map<String, Link> links = call(this::linksWithStatistics);
    Map<PodId, List<InterfaceStatistics>> statistics = new HashMap<>();
    for (PodId pod : pods.keySet()) {
      Link link = book.find(pod).map(lease -> links.get(lease.link())).orElse(null);
      if (link != null && link.counters().isPresent()) {
        statistics.put(pod, List.of(fromTheOtherEnd(link.counters().get())));
      }
    }
    return statistics;
  }

  private Map<String, Link> linksWithStatistics() throws NetworkException {
    try (NetlinkConnection routes = host.routes()) {
      return ours(routes.dump(Links.listWithStatistics()).stream().map(Link::parse).toList())
          .stream()
          .collect(Collectors.toMap(Link::name, link -> link));
    } catch (LinuxException e) {
      throw new NetworkException.Refused("read statistics of links", e);
    }
  }

  private static InterfaceStatistics fromTheOtherEnd(Link.Counters c) {
    return new InterfaceStatistics(
        PodLink.IN_POD,
        c.txBytes(),
        c.txPackets(),
        c.txErrors(),
        c.txDropped(),
        c.rxBytes(),
        c.rxPackets(),
        c.rxErrors(),
        c.rxDropped());
  }

  // The pool.

  @Override
  public PreparedNamespaces prepared() {
    return pool;
  }

  /** Makes a network for a pod to come. */
  NetworkPool.Prepared prepare() throws NetworkException {
    Bridge.Ready present = ensureReady();
    List<InetAddress> addresses = book.reserve();
    NetworkAttachment attachment = cables.describe(spareName(), addresses);
    try {
      return cables.prepare(attachment, present);
    } catch (LinuxException e) {
      discard(attachment);
      throw new NetworkException.Refused("prepare a network", e);
    }
  }

  /** Leases of pods that are older than this daemon may have such names. */
  private String spareName() {
    Set<String> known = new HashSet<>(pool.links());
    book.leases().forEach(lease -> known.add(lease.link()));
    String name;
    do {
      name = cables.spareName(spares.getAndIncrement());
    } while (known.contains(name) || teardown.isPending(name));
    return name;
  }

  void discard(NetworkAttachment prepared) {
    book.unreserve(prepared.addresses().stream().map(IpPrefix::address).toList());
    teardown.add(prepared.hostLink(), Optional.empty());
  }

  /**
   * Takes everything away that this network has made on the host, after all pods are detached: for
   * uninstalling. Leases that are left are given up.
   */
  public void remove() throws NetworkException {
    pool.close();
    call(() -> {
      for (Lease lease : book.leases()) {
        teardown.add(lease.link(), Optional.of(lease.pod()));
      }
      removeStrangers();
      teardown.tryNow();
      ready = Optional.empty();
      firewall.remove();
      bridge.remove();
      return true;
    });
  }

  @Override
  public void close() {
    pool.close();
    teardown.close();
    book.close();
  }

  private <T> T call(BlockingCalls.Call<T, NetworkException> call) throws NetworkException {
    try {
      return blocking.call(call);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished("interrupted before the network was touched");
    }
  }
}
