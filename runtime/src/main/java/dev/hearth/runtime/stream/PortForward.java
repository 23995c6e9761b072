package dev.hearth.runtime.stream;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import java.util.List;

/** Prepares a client's connections to ports of a pod. */
public final class PortForward {
  private static final int LAST_PORT = 65535;

  /** As many as fit the channel numbers of a WebSocket, two for each. */
  private static final int MOST_PORTS = 127;

  private final Pods pods;
  private final StreamServer server;

  public PortForward(Pods pods, StreamServer server) {
    this.pods = pods;
    this.server = server;
  }

  /**
   * @param id or a unique prefix of one
   * @param ports for clients that cannot name them later; may be empty
   * @return where the client connects
   * @throws HearthException.WrongState if the pod is not ready
   * @throws HearthException.LimitReached if too many clients are awaited already
   */
  public String prepare(String id, List<Integer> ports) {
    if (ports.size() > MOST_PORTS) {
      throw new HearthException.InvalidRequest("more than " + MOST_PORTS + " ports");
    }
    for (int port : ports) {
      if (port < 1 || port > LAST_PORT) {
        throw new HearthException.InvalidRequest("no port has the number " + port);
      }
    }
    Pod pod = pods.require(id);
    if (!pod.ready()) {
      throw new HearthException.WrongState("pod sandbox " + pod.id() + " is not ready");
    }
    return server.url(new StreamRequest.PortForward(pod.id(), ports));
  }
}
