package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerState;
import java.util.Optional;

/**
 * What start-up saw of a container, beside its record.
 *
 * @param exit what its shim recorded of its end, if it did
 * @param podPresent whether the record of its pod is there
 */
record ObservedContainer(Shim shim, Optional<ContainerState.Exited> exit, boolean podPresent) {
  /** How the container's shim answered. */
  sealed interface Shim {
    /** It is there, and its process runs. */
    record Alive(ContainerState.Running running) implements Shim {}

    /** There is no socket, or nobody behind it. */
    record Absent() implements Shim {}

    /** Somebody holds the socket and did not answer within the deadline, or cannot be asked. */
    record Silent(String reason) implements Shim {}
  }
}
