package dev.hearth.runtime.event;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import java.time.Instant;
import java.util.Optional;

/** Something that happened to a container, or to a pod sandbox when {@code container} is absent. */
public record ContainerEvent(Kind kind, PodId pod, Optional<ContainerId> container, Instant at) {
  /** CRI's ContainerEventType. */
  public enum Kind {
    CREATED,
    STARTED,
    STOPPED,
    DELETED
  }
}
