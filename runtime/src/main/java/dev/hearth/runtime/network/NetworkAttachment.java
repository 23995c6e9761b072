package dev.hearth.runtime.network;

import dev.hearth.runtime.network.netlink.MacAddress;
import java.net.InetAddress;
import java.util.List;

/**
 * How a pod is connected.
 *
 * @param interfaceName in the pod
 * @param mac of that interface
 * @param addresses of that interface, the primary one first
 * @param gateways at most one of each family
 * @param hostLink the host's end of the cable; empty where there is none
 */
public record NetworkAttachment(
    String interfaceName,
    MacAddress mac,
    List<IpPrefix> addresses,
    List<InetAddress> gateways,
    String hostLink) {
  public NetworkAttachment {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
  }
}
