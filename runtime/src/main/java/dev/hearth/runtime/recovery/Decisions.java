package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodState;
import java.time.Instant;
import java.util.Optional;

/** What start-up decides. Pure: a record and what was observed go in, a decision comes out. */
final class Decisions {
  /** Exit code of a container whose end nobody saw; the peers' number. */
  static final int UNKNOWN_EXIT_CODE = 255;

  private Decisions() {}

  /**
   * @param now the time of an end that nobody saw
   */
  static ContainerDecision decide(ContainerRecord record, ObservedContainer observed, Instant now) {
    return switch (record.state()) {
      case ContainerState.Removing _ -> new ContainerDecision.FinishRemoval();
      case ContainerState.Creating _ -> new ContainerDecision.Undo("its creation was cut off");
      case ContainerState.Created _ when !observed.podPresent() ->
          new ContainerDecision.Undo("its pod is gone");
      case ContainerState.Created _ -> created(observed);
      case ContainerState.Running running -> running(running, observed, now);
      case ContainerState.Exited _ when !observed.podPresent() ->
          new ContainerDecision.Undo("its pod is gone");
      case ContainerState.Exited _ -> new ContainerDecision.Keep();
    };
  }

  private static ContainerDecision created(ObservedContainer observed) {
    if (observed.exit().isPresent()) {
      return new ContainerDecision.MarkExited(observed.exit().get());
    }
    return switch (observed.shim()) {
      case ObservedContainer.Shim.Alive alive -> new ContainerDecision.Adopt(alive.running());
      // Clearing would kill what may merely be slow.
      case ObservedContainer.Shim.Silent _ -> new ContainerDecision.AskLater();
      case ObservedContainer.Shim.Absent _ -> new ContainerDecision.ClearStart();
    };
  }

  private static ContainerDecision running(
      ContainerState.Running running, ObservedContainer observed, Instant now) {
    // The shim writes the exit record before it goes, so its word comes first.
    if (observed.exit().isPresent()) {
      return new ContainerDecision.MarkExited(observed.exit().get());
    }
    return switch (observed.shim()) {
      case ObservedContainer.Shim.Alive alive -> new ContainerDecision.Adopt(alive.running());
      case ObservedContainer.Shim.Silent _ -> new ContainerDecision.KeepAsking(running);
      case ObservedContainer.Shim.Absent _ ->
          new ContainerDecision.MarkExited(
              new ContainerState.Exited(
                  Optional.of(running.startedAt()),
                  now,
                  UNKNOWN_EXIT_CODE,
                  "Unknown",
                  "its shim is gone and left no exit record, as after a crash of the machine; the"
                      + " true exit code is not known"));
    };
  }

  /**
   * @param whole whether every namespace it needs is pinned and its pause process, if it has one,
   *     lives
   */
  static PodDecision decide(PodRecord record, boolean whole) {
    return switch (record.state()) {
      case PodState.Creating _ -> new PodDecision.Undo();
      case PodState.Ready _ when whole -> new PodDecision.Keep();
      case PodState.Ready _ ->
          new PodDecision.MarkStopped("its namespaces are gone, as after a boot of the machine");
      case PodState.Stopped _ -> new PodDecision.FinishStop();
      case PodState.Unreadable _ -> new PodDecision.Leave();
      case PodState.Removing _ -> new PodDecision.FinishRemoval();
    };
  }
}
