package dev.hearth.runtime.model;

import java.time.Instant;
import java.util.Optional;

/**
 * A container's life.
 *
 * <pre>
 *   Creating -> Created -> Running -> Exited -> Removing -> (gone)
 *                    \-------------------^
 * </pre>
 *
 * <p>A daemon killed between the shim's launch and the record of Running leaves Created with a live
 * shim; start-up sees the shim's socket and goes on to Running.
 */
public sealed interface ContainerState {
  /** The intent is recorded; its snapshot may exist or not. */
  record Creating() implements ContainerState {}

  /** Ready to start. */
  record Created() implements ContainerState {}

  /**
   * Its process runs under a shim.
   *
   * @param pid on the node
   * @param pidStart start time of that pid in clock ticks since boot: tells a reused pid apart
   */
  record Running(int pid, long pidStart, Instant startedAt) implements ContainerState {}

  /**
   * Its process ended, or never came to run.
   *
   * @param exitCode 0–255; 128 + n when signal n ended it
   * @param reason one word, as the kubelet shows it: Completed, Error, OOMKilled, StartError,
   *     Unknown
   * @param message for people; may be empty
   */
  record Exited(
      Optional<Instant> startedAt, Instant finishedAt, int exitCode, String reason, String message)
      implements ContainerState {}

  /** Being taken away. */
  record Removing(Exited last) implements ContainerState {}
}
