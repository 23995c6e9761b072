package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.ContainerEviction;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.ContainerLimits;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Carries out what plugins want changed of containers that exist. */
final class Updates {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");

  /**
   * How long to wait for whatever else is done to a container. Short, since two containers whose
   * changes want each other changed would wait for one another.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Containers containers;
  private final ContainerLimits limits;

  Updates(Containers containers, ContainerLimits limits) {
    this.containers = containers;
    this.limits = limits;
  }

  /**
   * Carries them out, all that can be.
   *
   * @return those that could not
   */
  List<ContainerUpdate> tryAll(List<ContainerUpdate> updates) {
    List<ContainerUpdate> failed = new ArrayList<>();
    for (ContainerUpdate update : updates) {
      try {
        carryOut(update);
      } catch (HearthException e) {
        LOG.log(System.Logger.Level.WARNING, "a plugin''s update failed: {0}", e.getMessage());
        failed.add(update);
      }
    }
    return failed;
  }

  /**
   * Carries them out.
   *
   * @throws HearthException for the first that cannot be and must
   */
  void all(List<ContainerUpdate> updates) {
    for (ContainerUpdate update : updates) {
      try {
        carryOut(update);
      } catch (HearthException e) {
        if (!update.getIgnoreFailure()) {
          throw e;
        }
        LOG.log(
            System.Logger.Level.INFO, "a plugin''s update failed, as it may: {0}", e.getMessage());
      }
    }
  }

  private void carryOut(ContainerUpdate update) {
    Optional<Container> container = containers.find(update.getContainerId());
    if (container.isEmpty()) {
      throw new HearthException.NotFound(
          "a plugin wants to change container " + update.getContainerId() + ", which is not there");
    }
    limits.change(
        container.get(),
        Limiting.wanted(
            update.getLinux().getResources(),
            "a plugin, for container " + update.getContainerId() + ","),
        PATIENCE);
  }

  /** Evictions are the kubelet's affair; a plugin's wish for one is only written down. */
  static void evictions(PluginName plugin, List<ContainerEviction> wanted) {
    for (ContainerEviction eviction : wanted) {
      LOG.log(
          System.Logger.Level.WARNING,
          "plugin {0} wants container {1} evicted ({2}); Hearth does not evict",
          plugin,
          eviction.getContainerId(),
          eviction.getReason());
    }
  }
}
