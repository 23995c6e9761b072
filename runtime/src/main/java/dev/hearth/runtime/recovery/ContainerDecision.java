package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerState;

/** What start-up does about one container. */
sealed interface ContainerDecision {
  /** The record is right. */
  record Keep() implements ContainerDecision {}

  /** It runs: record so, if it is news, and watch it. */
  record Adopt(ContainerState.Running running) implements ContainerDecision {}

  /** It should run and its shim does not answer: keep the record and go on asking. */
  record KeepAsking(ContainerState.Running running) implements ContainerDecision {}

  /**
   * Whether a start that was cut off came to run, only its shim knows, which does not answer: leave
   * everything as it is, let nobody start it again, and go on asking.
   */
  record AskLater() implements ContainerDecision {}

  /** It ended while nobody looked. Whatever of it still runs is killed first. */
  record MarkExited(ContainerState.Exited exited) implements ContainerDecision {}

  /** A start that was cut off and left no shim: kill what it left; it can be started again. */
  record ClearStart() implements ContainerDecision {}

  /** It was never wholly made, or its pod is gone: take everything away. */
  record Undo(String reason) implements ContainerDecision {}

  /** Its removal was cut off: go on. */
  record FinishRemoval() implements ContainerDecision {}
}
