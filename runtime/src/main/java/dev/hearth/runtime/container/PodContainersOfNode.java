package dev.hearth.runtime.container;

import dev.hearth.runtime.model.InParallel;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.pod.PodContainers;
import java.time.Duration;

/** What a pod sandbox does to its containers: in parallel, since each may take its time. */
public final class PodContainersOfNode implements PodContainers {
  private final Containers containers;
  private final StopContainer stop;
  private final RemoveContainer remove;

  public PodContainersOfNode(Containers containers, StopContainer stop, RemoveContainer remove) {
    this.containers = containers;
    this.stop = stop;
    this.remove = remove;
  }

  @Override
  public void stopAll(PodId pod) {
    InParallel.forEach(containers.of(pod), container -> stop.stop(container, Duration.ZERO));
  }

  @Override
  public void removeAll(PodId pod) {
    InParallel.forEach(containers.of(pod), remove::remove);
  }
}
