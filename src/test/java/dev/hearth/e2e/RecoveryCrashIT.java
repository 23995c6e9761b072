package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.testing.Crashes;
import dev.hearth.testing.TestBed;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The daemon dies in the middle of each verb, and the one that puts things right dies after its
 * first step, the next after its second, and so on until one gets through.
 */
@NeedsRoot
class RecoveryCrashIT {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int BOUND = 60;

  /** Where there is most to put right. */
  private static final Map<String, String> WORST =
      Map.of(
          "RunPodSandbox", "cgroup",
          "CreateContainer", "snapshot",
          "StartContainer", "launch",
          "RemoveContainer", "record+intent",
          "StopPodSandbox", "containers",
          "RemovePodSandbox", "record+intent");

  @Test
  void everyStepOfAStartMayBeItsLast() throws Exception {
    List<Crashes.Verb> life = new PodLife(BED, "unlucky", 1).verbs();
    assertThat(life).extracting(Crashes.Verb::failpoint).containsAll(WORST.keySet());
    for (Crashes.Verb verb : life) {
      BED.daemon().kill();
      BED.daemon().startAgain("crash:" + verb.failpoint() + ":" + WORST.get(verb.failpoint()));
      die(verb);
      int steps = 1;
      while (!BED.daemon().survives("crash:any:" + steps)) {
        assertThat(steps).as("starts cut off after " + verb.failpoint()).isLessThan(BOUND);
        steps++;
      }
      assertThat(steps).as("steps of a start after " + verb.failpoint()).isGreaterThan(3);
      BED.daemon().kill();
      BED.daemon().startAgain();
      verb.call().run();
      verb.check().run();
    }
  }

  private static void die(Crashes.Verb verb) throws Exception {
    try {
      verb.call().run();
      throw new AssertionError(verb.failpoint() + " has no step " + WORST.get(verb.failpoint()));
    } catch (StatusRuntimeException e) {
      BED.daemon().awaitEnd();
    }
  }
}
