package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.netlink.MacAddress;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network in memory, held to the same contract as the real one. Its monitor guards all fields.
 */
public final class FakeNetwork implements PodNetwork {
  private final IpPrefix subnet;
  private final int capacity;
  private final Map<PodId, Attached> attached = new LinkedHashMap<>();
  private final Deque<NetworkException> failures = new ArrayDeque<>();
  private int last = 1;

  private record Attached(InetAddress address, List<PortMapping> ports) {}

  /** A network with room for so many pods. */
  public FakeNetwork(int capacity) {
    this.subnet = IpPrefix.parse("10.0.0.0/16");
    this.capacity = capacity;
  }

  /** A network with room enough. */
  public FakeNetwork() {
    this(1000);
  }

  /** Makes the next {@link #attach} fail. */
  public synchronized void failNext(NetworkException failure) {
    failures.add(failure);
  }

  /** The pods that are connected. */
  public synchronized Set<PodId> pods() {
    return Set.copyOf(attached.keySet());
  }

  @Override
  public synchronized NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException {
    NetworkException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    List<PortMapping> ports = HostPorts.mapped(request.ports());
    for (Map.Entry<PodId, Attached> other : attached.entrySet()) {
      for (PortMapping theirs : other.getValue().ports) {
        if (!other.getKey().equals(pod)
            && ports.stream().anyMatch(ours -> HostPorts.collide(ours, theirs))) {
          throw new NetworkException.HostPortTaken(
              "host port " + HostPorts.describe(theirs) + " is taken by pod " + other.getKey());
        }
      }
    }
    Attached present = attached.get(pod);
    InetAddress address = present == null ? nextAddress() : present.address;
    attached.put(pod, new Attached(address, ports));
    return describe(pod, address);
  }

  private InetAddress nextAddress() throws NetworkException {
    if (attached.size() >= capacity) {
      throw new NetworkException.Exhausted("no free address in " + subnet);
    }
    return subnet.plus(++last).address();
  }

  private NetworkAttachment describe(PodId pod, InetAddress address) {
    return new NetworkAttachment(
        "eth0",
        new MacAddress(0x0268_0000_0000L | subnet.offsetOf(address)),
        List.of(new IpPrefix(address, subnet.length())),
        List.of(subnet.plus(1).address()),
        "h" + pod.value().substring(0, 14));
  }

  @Override
  public synchronized void detach(PodId pod, Optional<Path> netns) {
    attached.remove(pod);
  }

  @Override
  public synchronized void check(PodId pod, Path netns) throws NetworkException {
    if (!attached.containsKey(pod)) {
      throw new NetworkException.Defective("pod " + pod + " has no addresses");
    }
  }

  @Override
  public NetworkStatus status() {
    return new NetworkStatus.Ready(List.of());
  }

  @Override
  public List<PendingTeardown> pending() {
    return List.of();
  }

  @Override
  public synchronized List<String> reconcile(Map<PodId, Path> live) {
    List<String> done = new ArrayList<>();
    attached.keySet().removeIf(pod -> !live.containsKey(pod) && done.add("took away " + pod));
    return done;
  }

  @Override
  public synchronized Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods) {
    Map<PodId, List<InterfaceStatistics>> statistics = new HashMap<>();
    for (PodId pod : pods.keySet()) {
      if (attached.containsKey(pod)) {
        statistics.put(pod, List.of(new InterfaceStatistics("eth0", 0, 0, 0, 0, 0, 0, 0, 0)));
      }
    }
    return statistics;
  }

  @Override
  public void close() {}
}
