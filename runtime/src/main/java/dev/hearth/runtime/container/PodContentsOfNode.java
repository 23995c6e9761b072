package dev.hearth.runtime.container;

import dev.hearth.runtime.event.PodContents;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What events tell of a pod, from the records of this node. */
public final class PodContentsOfNode implements PodContents {
  private final Pods pods;
  private final Containers containers;

  public PodContentsOfNode(Pods pods, Containers containers) {
    this.pods = pods;
    this.containers = containers;
  }

  @Override
  public Optional<PodRecord> sandbox(PodId pod) {
    return pods.find(pod.value()).map(Pod::record);
  }

  @Override
  public List<ContainerRecord> containers(PodId pod) {
    return containers.of(pod).stream()
        .map(Container::record)
        .sorted(Comparator.comparing(ContainerRecord::createdAt))
        .toList();
  }
}
