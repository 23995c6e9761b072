package dev.hearth.runtime.stream;

import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;
import java.util.List;

/** Prepares a command whose client will connect to its stdio. */
public final class Exec {
  private final Containers containers;
  private final StreamServer server;

  public Exec(Containers containers, StreamServer server) {
    this.containers = containers;
    this.server = server;
  }

  /**
   * @param id or a unique prefix of one
   * @return where the client connects, upon which the command runs
   * @throws HearthException.WrongState if the container is not running
   * @throws HearthException.LimitReached if too many clients are awaited already
   */
  public String prepare(String id, List<String> command, StdioRequest stdio) {
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw new HearthException.InvalidRequest("no command to execute");
    }
    Container container = containers.require(id);
    var _ = container.running();
    return server.url(new StreamRequest.Exec(container.id(), command, stdio));
  }
}
