package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Resources;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Changes the limits of containers, whoever asks for it. What is not given stays. */
public final class ContainerLimits {
  private final ContainerParts parts;

  public ContainerLimits(ContainerParts parts) {
    this.parts = parts;
  }

  /**
   * Changes what is written down of a container's limits, and the limits themselves if it runs.
   *
   * @param patience how long to wait for whatever else is done to the container
   * @throws HearthException.WrongState if it has exited, or uses more than the new limit
   * @throws HearthException.Busy if something else is done to it for too long
   */
  public void change(Container container, Resources change, Duration patience) {
    try {
      if (!container.lock().tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new HearthException.Busy(
            "the limits of container " + container.id() + " cannot be changed now: it is busy");
      }
    } catch (InterruptedException e) {
      throw failure(container, e);
    }
    try {
      changeLocked(container, change);
    } catch (Exception e) {
      throw failure(container, e);
    } finally {
      container.lock().unlock();
    }
  }

  private void changeLocked(Container container, Resources change) throws Exception {
    switch (container.state()) {
      case ContainerState.Running _ -> parts.updateCgroup(container.record(), change);
      case ContainerState.Creating _, ContainerState.Created _ -> {}
      case ContainerState.Exited _, ContainerState.Removing _ -> throw ended(container);
    }
    container.replace(
        container
            .record()
            .with(container.spec().withResources(merge(container.spec().resources(), change))));
  }

  /** Why the limits of a container that has ended are not changed. */
  static HearthException ended(Container container) {
    return new HearthException.WrongState(
        "container " + container.id() + " has exited; its limits mean nothing any more");
  }

  private static HearthException failure(Container container, Exception cause) {
    return ContainerFailure.of(
        "the limits of container " + container.id() + " could not be changed", cause);
  }

  /** The old limits under a change. */
  public static Resources merge(Resources old, Resources change) {
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
        merge(old.unified(), change.unified()),
        given(change.pids(), old.pids()));
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
