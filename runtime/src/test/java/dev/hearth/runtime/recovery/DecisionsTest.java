package dev.hearth.runtime.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.recovery.ObservedContainer.Shim;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class DecisionsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:10Z");
  private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");
  private static final ContainerState.Running RUNNING =
      new ContainerState.Running(42, 4711, STARTED);
  private static final ContainerState.Exited EXITED =
      new ContainerState.Exited(
          Optional.of(STARTED), Instant.parse("2026-01-01T00:00:05Z"), 42, "Error", "");
  private static final Shim ALIVE = new Shim.Alive(RUNNING);
  private static final Shim ABSENT = new Shim.Absent();
  private static final Shim SILENT = new Shim.Silent("it does not answer");

  private static ContainerDecision decide(ContainerState state, ObservedContainer observed) {
    return Decisions.decide(Records.container(state), observed, NOW);
  }

  private static ObservedContainer saw(Shim shim) {
    return new ObservedContainer(shim, Optional.empty(), true);
  }

  private static ObservedContainer sawExit(Shim shim) {
    return new ObservedContainer(shim, Optional.of(EXITED), true);
  }

  @Test
  void aContainerThatRunsIsAdopted() {
    assertThat(decide(RUNNING, saw(ALIVE))).isEqualTo(new ContainerDecision.Adopt(RUNNING));
  }

  @Test
  void aStartWhoseRecordWasLostIsAdopted() {
    assertThat(decide(new ContainerState.Created(), saw(ALIVE)))
        .isEqualTo(new ContainerDecision.Adopt(RUNNING));
  }

  @Test
  void theExitRecordIsBelievedWhateverTheShimSays() {
    for (Shim shim : List.of(ALIVE, ABSENT, SILENT)) {
      assertThat(decide(RUNNING, sawExit(shim)))
          .isEqualTo(new ContainerDecision.MarkExited(EXITED));
      assertThat(decide(new ContainerState.Created(), sawExit(shim)))
          .isEqualTo(new ContainerDecision.MarkExited(EXITED));
    }
  }

  @Test
  void aShimThatVanishedLeavesAnExitWithAnUnknownCode() {
    ContainerDecision decision = decide(RUNNING, saw(ABSENT));

    assertThat(decision).isInstanceOf(ContainerDecision.MarkExited.class);
    ContainerState.Exited exited = ((ContainerDecision.MarkExited) decision).exited();
    assertThat(exited.exitCode()).isEqualTo(255);
    assertThat(exited.reason()).isEqualTo("Unknown");
    assertThat(exited.finishedAt()).isEqualTo(NOW);
  }

  @Test
  void aSilentShimIsAskedAgainAndNothingIsKilled() {
    assertThat(decide(RUNNING, saw(SILENT))).isEqualTo(new ContainerDecision.KeepAsking(RUNNING));
    assertThat(decide(new ContainerState.Created(), saw(SILENT)))
        .isEqualTo(new ContainerDecision.AskLater());
  }

  @Test
  void aStartThatWasCutOffCanBeRepeated() {
    assertThat(decide(new ContainerState.Created(), saw(ABSENT)))
        .isEqualTo(new ContainerDecision.ClearStart());
  }

  @Test
  void whatWasHalfMadeIsUndoneAndWhatWasHalfRemovedIsFinished() {
    assertThat(decide(new ContainerState.Creating(), saw(ABSENT)))
        .isInstanceOf(ContainerDecision.Undo.class);
    assertThat(decide(new ContainerState.Removing(EXITED), saw(ABSENT)))
        .isEqualTo(new ContainerDecision.FinishRemoval());
  }

  @Test
  void aContainerWithoutItsPodIsTakenAwayUnlessItRuns() {
    ObservedContainer orphan = new ObservedContainer(ABSENT, Optional.empty(), false);

    assertThat(decide(new ContainerState.Created(), orphan))
        .isInstanceOf(ContainerDecision.Undo.class);
    assertThat(decide(EXITED, orphan)).isInstanceOf(ContainerDecision.Undo.class);
    assertThat(decide(RUNNING, new ObservedContainer(ALIVE, Optional.empty(), false)))
        .isEqualTo(new ContainerDecision.Adopt(RUNNING));
  }

  @Test
  void whatExitedStaysAsItIs() {
    assertThat(decide(EXITED, saw(ABSENT))).isEqualTo(new ContainerDecision.Keep());
  }

  private static PodDecision decide(PodState state, boolean whole) {
    return Decisions.decide(
        new PodRecord(
            new PodId("a".repeat(64)),
            new PodSpec(
                new PodMetadata("p", "default", "u", 0),
                "",
                "",
                "",
                new DnsConfig(List.of(), List.of(), List.of()),
                List.of(),
                Map.of(),
                Map.of(),
                "",
                NamespaceOptions.POD,
                false,
                Map.of(),
                SecurityProfile.UNCONFINED,
                Resources.NONE,
                Resources.NONE),
            STARTED,
            state),
        whole);
  }

  @Test
  void aPodIsReadyOnlyWhileItIsWhole() {
    PodState ready = new PodState.Ready(List.of("10.0.0.2"));

    assertThat(decide(ready, true)).isEqualTo(new PodDecision.Keep());
    assertThat(decide(ready, false)).isInstanceOf(PodDecision.MarkStopped.class);
  }

  @Test
  void aPodBetweenStatesIsBroughtToTheNext() {
    assertThat(decide(new PodState.Creating(), true)).isEqualTo(new PodDecision.Undo());
    assertThat(decide(new PodState.Stopped(), true)).isEqualTo(new PodDecision.FinishStop());
    assertThat(decide(new PodState.Removing(), true)).isEqualTo(new PodDecision.FinishRemoval());
  }

  @Test
  void aPodOfWhichNothingIsKnownIsLeftAlone() {
    for (boolean whole : List.of(true, false)) {
      assertThat(decide(new PodState.Unreadable(), whole)).isEqualTo(new PodDecision.Leave());
    }
  }
}
