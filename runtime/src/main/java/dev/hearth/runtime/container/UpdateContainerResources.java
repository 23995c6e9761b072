package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Resources;
import java.util.HashMap;
import java.util.Map;

/** Changes the limits of a container, running or not yet started. What is not given stays. */
public final class UpdateContainerResources {
  private final Containers containers;
  private final ContainerParts parts;

  public UpdateContainerResources(Containers containers, ContainerParts parts) {
    this.containers = containers;
    this.parts = parts;
  }

  /**
   * @param id or a unique prefix of one
   * @throws HearthException.WrongState if it has exited, or uses more than the new limit
   */
  public void update(String id, Resources change) {
    Container container = containers.require(id);
    container.lock().lock();
    try {
      switch (container.state()) {
        case ContainerState.Running _ -> parts.updateCgroup(container.record(), change);
        case ContainerState.Creating _, ContainerState.Created _ -> {}
        case ContainerState.Exited _, ContainerState.Removing _ ->
            throw new HearthException.WrongState(
                "container " + container.id() + " has exited; its limits mean nothing any more");
      }
      container.replace(
          container
              .record()
              .with(container.spec().withResources(merge(container.spec().resources(), change))));
    } catch (Exception e) {
      throw ContainerFailure.of(
          "the limits of container " + container.id() + " could not be changed", e);
    } finally {
      container.lock().unlock();
    }
  }

  private static Resources merge(Resources old, Resources change) {
    return new Resources(
        given(change.cpuPeriod(), old.cpuPeriod()),
        given(change.cpuQuota(), old.cpuQuota()),
        given(change.cpuShares(), old.cpuShares()),
        given(change.memoryLimit(), old.memoryLimit()),
        given(change.memorySwapLimit(), old.memorySwapLimit()),
        change.oomScoreAdj() != 0 ? change.oomScoreAdj() : old.oomScoreAdj(),
        change.cpusetCpus().isEmpty() ? old.cpusetCpus() : change.cpusetCpus(),
        change.cpusetMems().isEmpty() ? old.cpusetMems() : change.cpusetMems(),
        merge(old.hugepageLimits(), change.hugepageLimits()),
        merge(old.unified(), change.unified()));
  }

  private static long given(long change, long old) {
    return change != 0 ? change : old;
  }

  private static <V> Map<String, V> merge(Map<String, V> old, Map<String, V> change) {
    Map<String, V> merged = new HashMap<>(old);
    merged.putAll(change);
    return merged;
  }
}
