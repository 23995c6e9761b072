package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.PodId;
import java.time.Duration;
import java.util.List;

/**
 * What start-up found and did.
 *
 * @param finished what a killed daemon had begun and this one undid or finished, a line each
 */
public record RecoveryReport(
    Duration duration,
    List<PodId> adoptedPods,
    List<ContainerId> adoptedContainers,
    List<MarkedExited> markedExited,
    List<SetAside> setAside,
    List<String> finished) {
  public RecoveryReport {
    adoptedPods = List.copyOf(adoptedPods);
    adoptedContainers = List.copyOf(adoptedContainers);
    markedExited = List.copyOf(markedExited);
    setAside = List.copyOf(setAside);
    finished = List.copyOf(finished);
  }

  /** A container that ended while nobody looked. */
  public record MarkedExited(ContainerId container, ContainerState.Exited exited) {}

  /**
   * Something that could not be taken over.
   *
   * @param kind such as {@code container record}
   * @param path where it lies now; may be empty
   */
  public record SetAside(String kind, String id, String reason, String path) {}
}
