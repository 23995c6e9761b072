package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.netlink.MacAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Connects pods with nobody: they have the loopback device that every namespace is made with. */
public final class LoopbackNetwork implements PodNetwork {
  private static final NetworkAttachment NOTHING =
      new NetworkAttachment("lo", new MacAddress(0), List.of(), List.of(), "");

  /**
   * @throws NetworkException.Invalid if a port of the host is asked for: nothing can lead from it
   */
  @Override
  public NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException {
    if (!HostPorts.mapped(request.ports()).isEmpty()) {
      throw new NetworkException.Invalid(
          "pod " + pod + " asks for host ports, and network.mode is none");
    }
    return NOTHING;
  }

  @Override
  public void detach(PodId pod, Optional<Path> netns) {}

  @Override
  public void check(PodId pod, Path netns) {}

  @Override
  public NetworkStatus status() {
    return new NetworkStatus.Ready(List.of());
  }

  @Override
  public List<PendingTeardown> pending() {
    return List.of();
  }

  @Override
  public List<String> reconcile(Map<PodId, Path> live) {
    return List.of();
  }

  @Override
  public Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods) {
    Map<PodId, List<InterfaceStatistics>> none = new HashMap<>();
    pods.keySet().forEach(pod -> none.put(pod, List.of()));
    return none;
  }

  @Override
  public void close() {}
}
