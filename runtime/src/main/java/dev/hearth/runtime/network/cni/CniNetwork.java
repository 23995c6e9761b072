package dev.hearth.runtime.network.cni;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.HostPorts;
import dev.hearth.runtime.network.InterfaceStatistics;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkAttachment;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.NetworkStatus;
import dev.hearth.runtime.network.PendingTeardown;
import dev.hearth.runtime.network.PodInterfaces;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.network.PodNetworkRequest;
import dev.hearth.runtime.network.Threads;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The network that plugins make, as an operator has installed and configured them.
 *
 * <p>Thread-safe. Plugins are waited for without holding a lock.
 */
public final class CniNetwork implements PodNetwork {
  private static final System.Logger LOG = System.getLogger("dev.hearth.network");

  /** The interface of a pod's first network; Kubernetes wants it so. */
  private static final String FIRST_INTERFACE = "eth0";

  /** What a plugin may take to say whether it is well; the kubelet asks every few seconds. */
  private static final Duration STATUS = Duration.ofSeconds(10);

  private final Duration timeout;
  private final Clock clock;
  private final ConfigurationFolder folder;
  private final PluginVersions versions;
  private final Chain chain;
  private final AttachedPods book;
  private final Connections connections;
  private final Departures departures;
  private final PodRanges ranges;
  private final NamespacePins pins;
  private final PodInterfaces interfaces;

  /** Collects garbage once after the start. */
  private volatile @Nullable Thread garbage;

  private CniNetwork(
      CniSettings settings,
      AttachedPods book,
      PodRanges ranges,
      PluginRunner runner,
      NetlinkSockets sockets,
      BlockingCalls blocking,
      Clock clock) {
    this.timeout = settings.timeout();
    this.clock = clock;
    this.folder = new ConfigurationFolder(settings.configuration());
    this.versions = new PluginVersions(runner);
    this.chain = new Chain(runner);
    this.book = book;
    this.ranges = ranges;
    this.pins = new NamespacePins(settings.namespaces());
    this.connections = new Connections(book, folder, versions, chain, pins, blocking);
    this.departures = new Departures(pod -> connections.takeAway(pod, deadline()));
    this.interfaces = new PodInterfaces(sockets, blocking);
  }

  /**
   * Opens the network. Plugins that an earlier daemon has left running, whatever they were asked,
   * are killed; nothing else is touched before {@link #reconcile} or {@link #attach}.
   *
   * @param directory where it is recorded who is connected; created when absent
   */
  public static CniNetwork open(
      CniSettings settings,
      Path directory,
      NetlinkSockets sockets,
      BlockingCalls blocking,
      Poller poller,
      Clock clock)
      throws NetworkException {
    AttachedPods book = AttachedPods.open(directory.resolve("pods"));
    Orphans orphans = new Orphans(directory);
    orphans.end();
    PluginRunner runner = new PluginRunner(settings.plugins(), orphans.mark(), poller);
    return new CniNetwork(
        settings, book, PodRanges.open(directory), runner, sockets, blocking, clock);
  }

  private Deadline deadline() {
    return Deadline.in(timeout);
  }

  // Pods.

  @Override
  public NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException {
    Deadline deadline = deadline();
    Optional<String> former = awaitGone(pod, true, deadline);
    if (former.isPresent()) {
      throw new NetworkException.Unfinished(
          "the former network of pod " + pod + " is not taken away: " + former.get());
    }
    Optional<AttachedPod> present = book.find(pod);
    if (present.isPresent()) {
      if (present.get().whole() && isIntact(present.get(), netns)) {
        return connections.describe(present.get());
      }
      takeAwayFirst(present.get(), deadline);
    }
    AttachedPod planned = plan(pod, request, deadline);
    book.enter(planned);
    try {
      return connections.connect(planned, netns, deadline);
    } catch (NetworkException | RuntimeException e) {
      leave(planned);
      throw e;
    }
  }

  /** Once: with a network that is being closed, nothing would ever be taken away. */
  private void takeAwayFirst(AttachedPod pod, Deadline deadline) throws NetworkException {
    leave(pod);
    Optional<String> failure = awaitGone(pod.pod(), false, deadline);
    if (book.find(pod.pod()).isPresent()) {
      throw new NetworkException.Unfinished(
          "the former network of pod "
              + pod.pod()
              + " is not taken away: "
              + failure.orElse("the daemon is stopping"));
    }
  }

  private AttachedPod plan(PodId pod, PodNetworkRequest request, Deadline deadline)
      throws NetworkException {
    List<PortMapping> ports = HostPorts.mapped(request.ports());
    PodArguments arguments = PodArguments.of(pod, request, ranges.current());
    List<NetworkList> networks = new ArrayList<>(List.of(folder.standard()));
    for (String name : PodArguments.networks(request.annotations())) {
      networks.add(folder.named(name));
    }
    List<Attachment> attachments = new ArrayList<>();
    for (NetworkList network : networks) {
      String name = attachments.isEmpty() ? FIRST_INTERFACE : "net" + attachments.size();
      attachments.add(
          new Attachment(
              network.name(),
              name,
              versions.choose(network, deadline).text(),
              arguments.generic(),
              arguments.capabilities().toString(),
              ""));
    }
    return new AttachedPod(
        pod, pins.path(pod).toString(), attachments, ports, clock.instant(), false);
  }

  private boolean isIntact(AttachedPod pod, Path netns) {
    try {
      check(pod.pod(), netns);
      return true;
    } catch (NetworkException _) {
      return false;
    }
  }

  private Optional<String> awaitGone(PodId pod, boolean again, Deadline deadline)
      throws NetworkException {
    try {
      return departures.await(pod, again, deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished("the daemon is stopping");
    }
  }

  /** On a full disk the record goes on to say that the pod stays; the next start knows better. */
  private void leave(AttachedPod pod) {
    AttachedPod leaving = book.find(pod.pod()).orElse(pod).leavingSince(clock.instant());
    try {
      book.replace(leaving);
    } catch (NetworkException _) {
      book.settle(leaving);
    }
    departures.add(pod.pod(), leaving.since());
  }

  @Override
  public void detach(PodId pod, Optional<Path> netns) throws NetworkException {
    Optional<AttachedPod> present = book.find(pod);
    if (present.isEmpty()) {
      return;
    }
    leave(present.get());
    // What fails at first is tried again, and shown, by itself.
    var _ = awaitGone(pod, false, deadline());
  }

  @Override
  public void check(PodId pod, Path netns) throws NetworkException {
    AttachedPod present =
        book.find(pod)
            .filter(AttachedPod::whole)
            .orElseThrow(
                () -> new NetworkException.Defective("pod " + pod + " is connected to no network"));
    interfaces.requireAddresses(netns, connections.describe(present));
    connections.check(present, deadline());
  }

  // All pods.

  /** Whether there is a configuration, good or bad. */
  public boolean isConfigured() {
    return folder.holdsAny();
  }

  /** Whether a pod is, or was to be, connected here. */
  public boolean knows(PodId pod) {
    return book.knows(pod);
  }

  @Override
  public NetworkStatus status() {
    Deadline deadline = deadline().atMost(STATUS);
    try {
      chain.status(versions.choose(folder.standard(), deadline), deadline);
      return new NetworkStatus.Ready(List.of());
    } catch (NetworkException e) {
      return new NetworkStatus.NotReady(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public List<PendingTeardown> pending() {
    return departures.pending();
  }

  @Override
  public List<String> reconcile(Map<PodId, Path> live) throws NetworkException {
    List<String> done = new ArrayList<>();
    for (PodId pod : book.takeTorn()) {
      book.enter(lost(pod));
      done.add("the record of pod " + pod + "'s networks is torn");
    }
    for (Map.Entry<PodId, Path> pod : live.entrySet()) {
      if (book.find(pod.getKey()).isEmpty()) {
        book.enter(lost(pod.getKey()));
        done.add("there is no record of pod " + pod.getKey() + "'s networks");
      }
      try {
        connections.pin(pod.getKey(), pod.getValue());
      } catch (NetworkException e) {
        done.add(String.valueOf(e.getMessage()));
      }
    }
    for (AttachedPod pod : book.all()) {
      if (!live.containsKey(pod.pod())) {
        leave(pod);
        done.add("taking away the networks of pod " + pod.pod() + ", which is gone");
      }
    }
    collectGarbage(live.keySet());
    return List.copyOf(done);
  }

  /** A pod of whose connection nothing is known but that there may be one. */
  private AttachedPod lost(PodId pod) {
    Attachment unknown =
        new Attachment("unknown", FIRST_INTERFACE, "", PodArguments.lost(pod), "{}", "");
    return new AttachedPod(
        pod, pins.path(pod).toString(), List.of(unknown), List.of(), clock.instant(), false);
  }

  /** In the background: what the plugins still have of others is nothing to wait for. */
  private void collectGarbage(Set<PodId> live) {
    Optional<NetworkList> network = folder.standardIfAny();
    if (network.isPresent() && !network.get().disableGc()) {
      garbage =
          Thread.ofVirtual()
              .name("network-garbage")
              .start(() -> collectGarbage(network.get(), live));
    }
  }

  private void collectGarbage(NetworkList network, Set<PodId> live) {
    try {
      Deadline deadline = deadline();
      NetworkList chosen = versions.choose(network, deadline);
      if (chosen.version().reportsAndCollects()) {
        connections
            .collect(chosen, () -> valid(live, chosen.name()), deadline)
            .forEach(CniNetwork::warnOfGarbage);
      }
    } catch (NetworkException e) {
      warnOfGarbage(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void warnOfGarbage(String failure) {
    if (!Thread.currentThread().isInterrupted()) {
      LOG.log(System.Logger.Level.WARNING, "plugins collect no garbage: {0}", failure);
    }
  }

  /** Live pods count whether they are recorded or not; what is leaving is for DEL, not for GC. */
  private List<Chain.Valid> valid(Set<PodId> live, String network) {
    Map<String, Chain.Valid> valid = new HashMap<>();
    for (PodId pod : live) {
      valid.put(pod.value(), new Chain.Valid(pod.value(), FIRST_INTERFACE));
    }
    for (AttachedPod pod : book.all()) {
      for (Attachment attachment : pod.attachments()) {
        if (attachment.network().equals(network)) {
          valid.put(
              pod.pod() + " " + attachment.interfaceName(),
              new Chain.Valid(pod.pod().value(), attachment.interfaceName()));
        }
      }
    }
    return valid.values().stream().distinct().toList();
  }

  @Override
  public Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods)
      throws NetworkException {
    return interfaces.statistics(pods);
  }

  @Override
  public String details(PodId pod) {
    return book.find(pod).map(AttachedPod::json).orElse("");
  }

  @Override
  public void useRanges(List<IpPrefix> podRanges) throws NetworkException {
    ranges.replace(podRanges);
  }

  @Override
  public void close() {
    Thread running = garbage;
    if (running != null) {
      running.interrupt();
    }
    departures.close();
    if (running != null) {
      Threads.join(running);
    }
  }
}
