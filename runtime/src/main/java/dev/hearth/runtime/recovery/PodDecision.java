package dev.hearth.runtime.recovery;

/** What start-up does about one pod sandbox. */
sealed interface PodDecision {
  /** The record is right. */
  record Keep() implements PodDecision {}

  /** Its namespaces or its pause process are gone, as after a boot: it is no longer ready. */
  record MarkStopped(String reason) implements PodDecision {}

  /** It was stopped, perhaps not to the end: give back again what it might still hold. */
  record FinishStop() implements PodDecision {}

  /** Nothing is known of it: leave it and its containers to whoever stops or removes it. */
  record Leave() implements PodDecision {}

  /** It was never wholly made: take everything away. */
  record Undo() implements PodDecision {}

  /** Its removal was cut off: go on. */
  record FinishRemoval() implements PodDecision {}
}
