package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PortMapping;
import java.util.List;

/**
 * What a pod wants of its network.
 *
 * @param ports as the pod declares them; those with a host port are opened on the host
 */
public record PodNetworkRequest(List<PortMapping> ports) {
  /** A pod that wants no host port. */
  public static final PodNetworkRequest PLAIN = new PodNetworkRequest(List.of());

  public PodNetworkRequest {
    ports = List.copyOf(ports);
  }
}
