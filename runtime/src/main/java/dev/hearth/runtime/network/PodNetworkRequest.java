package dev.hearth.runtime.network;

import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PortMapping;
import java.util.List;
import java.util.Map;

/**
 * What a pod wants of its network, and what the network may want to know of it.
 *
 * @param ports as the pod declares them; those with a host port are opened on the host
 * @param cgroup the cgroup its own lies in, as it was asked for; may be empty
 */
public record PodNetworkRequest(
    PodMetadata metadata,
    List<PortMapping> ports,
    DnsConfig dns,
    Map<String, String> annotations,
    String cgroup) {
  /** A pod that wants no host port. */
  public static final PodNetworkRequest PLAIN = new PodNetworkRequest(List.of());

  public PodNetworkRequest {
    ports = List.copyOf(ports);
    annotations = Map.copyOf(annotations);
  }

  /** Of a pod of which nothing else is known. */
  public PodNetworkRequest(List<PortMapping> ports) {
    this(
        new PodMetadata("unknown", "", "", 0),
        ports,
        new DnsConfig(List.of(), List.of(), List.of()),
        Map.of(),
        "");
  }
}
