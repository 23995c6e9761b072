package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNetwork;
import java.util.ArrayList;
import java.util.List;

/** Tells the network which part of the cluster's addresses is the node's. */
public final class UpdatePodRanges {
  private final PodNetwork network;

  public UpdatePodRanges(PodNetwork network) {
    this.network = network;
  }

  /**
   * Tells it.
   *
   * @param ranges as {@code 10.244.1.0/24,fd00:244:1::/64}; empty while the node has none
   */
  public void update(String ranges) {
    List<IpPrefix> prefixes = new ArrayList<>();
    for (String range : ranges.isBlank() ? List.<String>of() : List.of(ranges.split(",", -1))) {
      try {
        prefixes.add(IpPrefix.parse(range.strip()));
      } catch (IllegalArgumentException e) {
        throw new HearthException.InvalidRequest("pod_cidr holds no prefix: " + range, e);
      }
    }
    try {
      network.useRanges(prefixes);
    } catch (NetworkException e) {
      throw PodFailure.of("the pods' range of addresses could not be set", e);
    }
  }
}
