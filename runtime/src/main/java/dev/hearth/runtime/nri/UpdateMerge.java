package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import dev.hearth.runtime.model.HearthException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What plugins, one after the other, want changed of containers that exist. Confined to one thread.
 */
final class UpdateMerge {
  private final Owners owners;

  /** By container id, in the order in which they came up. */
  private final Map<String, ContainerUpdate.Builder> updates = new LinkedHashMap<>();

  UpdateMerge(Owners owners) {
    this.owners = owners;
  }

  /** Lets changes of a container be laid over a change that is being made anyway. */
  void begin(String container, LinuxResources change) {
    ContainerUpdate.Builder update = ContainerUpdate.newBuilder().setContainerId(container);
    update.getLinuxBuilder().setResources(change);
    updates.put(container, update);
  }

  /**
   * Adds one plugin's wishes.
   *
   * @throws HearthException.WrongState if one before it wants otherwise, and it cannot do without
   */
  void add(PluginName plugin, List<ContainerUpdate> wanted) {
    for (ContainerUpdate wish : wanted) {
      ContainerUpdate.Builder update =
          updates.computeIfAbsent(
              wish.getContainerId(),
              id -> ContainerUpdate.newBuilder().setContainerId(id).setIgnoreFailure(true));
      LinuxResources.Builder laid = update.getLinux().getResources().toBuilder();
      try {
        new ResourceMerge(owners, wish.getContainerId(), plugin)
            .lay(wish.getLinux().getResources(), laid);
        update.getLinuxBuilder().setResources(laid);
        update.setIgnoreFailure(update.getIgnoreFailure() && wish.getIgnoreFailure());
      } catch (HearthException e) {
        if (!wish.getIgnoreFailure()) {
          throw e;
        }
      }
    }
  }

  /** All of them. */
  List<ContainerUpdate> all() {
    return updates.values().stream().map(ContainerUpdate.Builder::build).toList();
  }

  /** Whether somebody wants that container changed. */
  boolean touches(String container) {
    return updates.containsKey(container);
  }

  /** All but those of one container. */
  List<ContainerUpdate> others(String container) {
    return all().stream().filter(update -> !update.getContainerId().equals(container)).toList();
  }

  /** Those of one container. */
  LinuxResources of(String container) {
    return updates.getOrDefault(container, ContainerUpdate.newBuilder()).getLinux().getResources();
  }
}
