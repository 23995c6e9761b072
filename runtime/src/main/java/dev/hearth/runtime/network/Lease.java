package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What the network has given to a pod.
 *
 * @param link the host's end of its cable
 * @param addresses at most one of each family, IPv4 first
 * @param hostPorts those that are mapped: the host's port is not 0
 */
record Lease(PodId pod, String link, List<InetAddress> addresses, List<PortMapping> hostPorts) {
  Lease {
    addresses = List.copyOf(addresses);
    hostPorts = List.copyOf(hostPorts);
  }

  Optional<InetAddress> address(boolean ipv4) {
    return addresses.stream().filter(a -> a instanceof Inet4Address == ipv4).findFirst();
  }
}
