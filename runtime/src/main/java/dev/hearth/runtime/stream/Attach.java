package dev.hearth.runtime.stream;

import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;

/** Prepares a client's connection to the stdio of a container that runs. */
public final class Attach {
  private final Containers containers;
  private final StreamServer server;

  public Attach(Containers containers, StreamServer server) {
    this.containers = containers;
    this.server = server;
  }

  /**
   * @param id or a unique prefix of one
   * @return where the client connects
   * @throws HearthException.WrongState if the container is not running
   * @throws HearthException.LimitReached if too many clients are awaited already
   */
  public String prepare(String id, StdioRequest stdio) {
    Container container = containers.require(id);
    var _ = container.running();
    return server.url(new StreamRequest.Attach(container.id(), stdio));
  }
}
