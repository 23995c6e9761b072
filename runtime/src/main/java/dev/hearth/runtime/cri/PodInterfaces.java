package dev.hearth.runtime.cri;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.InterfaceStatistics;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.SandboxParts;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What passed the interfaces of pods that have a network of their own. */
public final class PodInterfaces {
  private static final System.Logger LOG = System.getLogger("dev.hearth.cri");

  private final PodNetwork network;
  private final SandboxParts sandboxes;

  public PodInterfaces(PodNetwork network, SandboxParts sandboxes) {
    this.network = network;
    this.sandboxes = sandboxes;
  }

  /** Of all at once; nothing, and a warning, if the network cannot tell. */
  Map<PodId, List<InterfaceStatistics>> of(List<Pod> ready) {
    Map<PodId, Path> pins = new HashMap<>();
    for (Pod pod : ready) {
      if (!pod.spec().hostNetwork()) {
        pins.put(pod.id(), sandboxes.networkPin(pod.id()));
      }
    }
    try {
      return network.statistics(pins);
    } catch (NetworkException e) {
      LOG.log(System.Logger.Level.WARNING, "no network statistics this time: {0}", e.getMessage());
      return Map.of();
    }
  }
}
