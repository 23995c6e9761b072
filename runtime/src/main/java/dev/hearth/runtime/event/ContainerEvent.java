package dev.hearth.runtime.event;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Something that happened to a container, or to a pod sandbox when {@code container} is absent.
 *
 * @param at when it was published; never earlier than that of the event before
 * @param sandbox the sandbox after it; the last of it when it was deleted, nothing when a container
 *     outlived it
 * @param containers all containers of the pod after it
 */
public record ContainerEvent(
    Kind kind,
    PodId pod,
    Optional<ContainerId> container,
    Instant at,
    Optional<PodRecord> sandbox,
    List<ContainerRecord> containers) {
  /** CRI's ContainerEventType. */
  public enum Kind {
    CREATED,
    STARTED,
    STOPPED,
    DELETED
  }

  public ContainerEvent {
    containers = List.copyOf(containers);
  }
}
