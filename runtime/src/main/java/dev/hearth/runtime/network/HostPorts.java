package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PortMapping;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** How ports of the node that lead into pods relate to each other. */
public final class HostPorts {
  private HostPorts() {}

  /** Those that ask for a port of the host; the others only declare the pod's. */
  public static List<PortMapping> mapped(List<PortMapping> ports) throws NetworkException {
    List<PortMapping> mapped = ports.stream().filter(p -> p.hostPort() != 0).distinct().toList();
    for (int i = 0; i < mapped.size(); i++) {
      check(mapped.get(i), mapped.subList(0, i));
    }
    return mapped;
  }

  private static void check(PortMapping port, List<PortMapping> others) throws NetworkException {
    if (port.containerPort() == 0) {
      throw new NetworkException.Invalid("host port " + describe(port) + " leads to no port");
    }
    if (!port.hostIp().isEmpty()) {
      try {
        InetAddress.ofLiteral(port.hostIp());
      } catch (IllegalArgumentException _) {
        throw new NetworkException.Invalid(
            "host port " + describe(port) + ": " + port.hostIp() + " is not an IP address");
      }
    }
    for (PortMapping other : others) {
      if (collide(port, other)) {
        throw new NetworkException.Invalid(
            "host port " + describe(port) + " is asked for twice by the same pod");
      }
    }
  }

  /** Whether both would receive the same packets. */
  public static boolean collide(PortMapping a, PortMapping b) {
    if (a.protocol() != b.protocol() || a.hostPort() != b.hostPort()) {
      return false;
    }
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (covers(a, ipv4)
          && covers(b, ipv4)
          && (address(a).isEmpty() || address(b).isEmpty() || address(a).equals(address(b)))) {
        return true;
      }
    }
    return false;
  }

  /** Whether it is about packets of that family. */
  static boolean covers(PortMapping port, boolean ipv4) {
    return port.hostIp().isEmpty()
        || InetAddress.ofLiteral(port.hostIp()) instanceof Inet4Address == ipv4;
  }

  /** The one address it is bound to; empty for all of its families. */
  static Optional<InetAddress> address(PortMapping port) {
    return port.hostIp().isEmpty()
        ? Optional.empty()
        : Optional.of(InetAddress.ofLiteral(port.hostIp())).filter(a -> !a.isAnyLocalAddress());
  }

  public static String describe(PortMapping port) {
    String host = port.hostIp().contains(":") ? "[" + port.hostIp() + "]" : port.hostIp();
    return host + (host.isEmpty() ? "" : ":") + port.hostPort() + "/" + port.protocol();
  }
}
