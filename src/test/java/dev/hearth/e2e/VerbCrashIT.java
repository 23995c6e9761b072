package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.Crashes;
import dev.hearth.testing.Cri;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The daemon dies right after each step of each verb of pods and containers. The next one puts
 * things right, the verb repeated succeeds, and removal leaves nothing.
 */
@NeedsRoot
class VerbCrashIT {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int KILLED = 137;

  @Test
  void everyStepOfEveryVerbMayBeTheDaemonsLast() throws Exception {
    assertThat(new Crashes(BED).afterEachStep(round -> new PodLife(BED, "life" + round, 1).verbs()))
        .containsOnlyKeys(
            "RunPodSandbox",
            "CreateContainer",
            "StartContainer",
            "RemoveContainer",
            "StopPodSandbox",
            "RemovePodSandbox")
        .allSatisfy((verb, steps) -> assertThat(steps).as(verb).isPositive());
  }

  @Test
  void aStopThatWaitsWhenTheDaemonDiesIsRepeated() throws Exception {
    PodSandboxConfig pod = Pods.pod("patient", BED.home().logs());
    ContainerConfig patient =
        Pods.container(
            "main",
            BED.busybox(),
            "sh",
            "-c",
            "trap 'echo asked' TERM; echo ready; while :; do usleep 10000; done");
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, patient);
    BED.cri().start(id);
    long pid = Pods.pid(BED.cri(), id);
    PodLife.awaitLines(pod, patient, 1);
    try (ExecutorService caller = Executors.newVirtualThreadPerTaskExecutor()) {
      Cri cri = BED.cri();
      Future<?> stop = caller.submit(() -> cri.stop(id, Duration.ofSeconds(60)));
      PodLife.awaitLines(pod, patient, 2);
      BED.daemon().kill();
      assertThatThrownBy(stop::get).isInstanceOf(ExecutionException.class);
    }

    BED.daemon().startAgain();
    assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
    assertThat(Pods.pid(BED.cri(), id)).isEqualTo(pid);
    BED.cri().stop(id, Duration.ofSeconds(1));
    assertThat(BED.cri().status(id).getExitCode()).isEqualTo(KILLED);
    assertThat(Pods.logLines(pod, patient)).hasSize(3);
    BED.cri().removePod(podId);
  }
}
