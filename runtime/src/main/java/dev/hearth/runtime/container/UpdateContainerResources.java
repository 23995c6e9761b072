package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.Resources;
import java.time.Duration;

/** Changes the limits of a container, running or not yet started. What is not given stays. */
public final class UpdateContainerResources {
  /** How long something else may be done to the container: its start, at the longest. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Containers containers;
  private final ContainerLimits limits;
  private final NodePlugins plugins;

  public UpdateContainerResources(
      Containers containers, ContainerLimits limits, NodePlugins plugins) {
    this.containers = containers;
    this.limits = limits;
    this.plugins = plugins;
  }

  /**
   * @param id or a unique prefix of one
   * @throws HearthException.WrongState if it has exited, or uses more than the new limit
   */
  public void update(String id, Resources change) {
    Container container = containers.require(id);
    if (container.state() instanceof ContainerState.Exited
        || container.state() instanceof ContainerState.Removing) {
      throw ContainerLimits.ended(container);
    }
    // Not under the container's lock: plugins may change other containers for the sake of this one.
    try (NodePlugins.Turn turn = plugins.begin()) {
      limits.change(container, turn.updating(container.record(), change), PATIENCE);
      turn.updated(container.record());
    }
  }
}
