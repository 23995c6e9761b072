package dev.hearth.runtime.model;

/**
 * A port of the node that leads into a pod.
 *
 * @param hostPort 0 when only the container's port is declared and nothing is to be mapped
 * @param hostIp the node's address to listen on; empty for all
 */
public record PortMapping(Protocol protocol, int containerPort, int hostPort, String hostIp) {
  /** Transport protocols that can be mapped. */
  public enum Protocol {
    TCP,
    UDP,
    SCTP
  }

  public PortMapping {
    port("container port", containerPort);
    port("host port", hostPort);
  }

  private static void port(String field, int port) {
    if (port < 0 || port > 65535) {
      throw new HearthException.InvalidRequest(field + " is out of range: " + port);
    }
  }
}
