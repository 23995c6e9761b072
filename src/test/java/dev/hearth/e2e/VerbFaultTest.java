package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.testing.Crashes;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Each step of each verb of pods and containers fails once. The caller is told what failed, nothing
 * is leaked, and the verb repeated succeeds.
 */
@NeedsRoot
class VerbFaultTest {
  @RegisterExtension static final TestBed BED = new TestBed();

  /** These leave things as they were before; the others leave them to be finished. */
  private static final Set<String> UNDONE =
      Set.of("RunPodSandbox", "CreateContainer", "StartContainer");

  private static final Map<String, String> LAST_STEPS =
      Map.of(
          "RunPodSandbox", "record+ready",
          "CreateContainer", "record+created",
          "StartContainer", "record+running");

  @Test
  void everyStepOfEveryVerbMayFail() throws Exception {
    for (Crashes.Verb verb : new PodLife(BED, "faulty", 2).verbs()) {
      BED.daemon().kill();
      BED.daemon().startAgain("fail:" + verb.failpoint() + ":each");
      assertThat(faults(verb)).as("faults of " + verb.failpoint()).isPositive();
      verb.check().run();
    }
    BED.daemon().kill();
    BED.daemon().startAgain();
  }

  /** The last step of a verb fails, and then each of its undos. */
  @Test
  void whatCannotBeUndoneCanBeRemovedWithAndWithoutARestart() throws Exception {
    for (Map.Entry<String, String> last : LAST_STEPS.entrySet()) {
      for (boolean restart : new boolean[] {false, true}) {
        Leftovers before = Leftovers.of(BED.home());
        BED.daemon().kill();
        BED.daemon().startAgain("stuck:" + last.getKey() + ":" + last.getValue());
        fail(last.getKey(), "stuck-" + restart);
        if (restart) {
          BED.daemon().kill();
          BED.daemon().startAgain();
        }
        for (PodSandbox pod : pods()) {
          BED.cri().removePod(pod.getId());
        }
        Leftovers.assertNothingSince(before, BED.home());
      }
    }
    BED.daemon().kill();
    BED.daemon().startAgain();
  }

  private static List<PodSandbox> pods() {
    return BED.cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList();
  }

  /** Lives up to the verb, which fails. */
  private static void fail(String failing, String name) throws Exception {
    for (Crashes.Verb verb : new PodLife(BED, name, 2).verbs()) {
      if (verb.failpoint().equals(failing)) {
        assertThatThrownBy(verb.call()::run)
            .hasMessageContaining("injected failure of '" + failing + ": ");
        return;
      }
      verb.call().run();
    }
  }

  /** Calls until the call succeeds; returns how often it failed. */
  private static int faults(Crashes.Verb verb) throws Exception {
    Leftovers before = Leftovers.of(BED.home());
    for (int faults = 0; faults < 50; faults++) {
      try {
        verb.call().run();
        return faults;
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(e.getStatus().getDescription())
            .contains("injected failure of '" + verb.failpoint() + ": ")
            .containsPattern("could not be (made|created|started|stopped|removed)");
        if (UNDONE.contains(verb.failpoint())) {
          Leftovers.assertNothingSince(before, BED.home());
        }
      }
    }
    throw new AssertionError(verb.failpoint() + " goes on failing");
  }
}
