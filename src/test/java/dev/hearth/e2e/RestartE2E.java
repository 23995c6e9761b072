package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import dev.hearth.testing.NumberedLog;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What containers notice of the daemon's death: nothing. */
@NeedsRoot
class RestartE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int KILLS = 10;

  @Test
  void aContainerThatWritesEveryMillisecondLosesNoLineOverTenKills() throws Exception {
    PodSandboxConfig pod = Pods.pod("counting", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig counting =
        Pods.container(
            "counter",
            BED.busybox(),
            "sh",
            "-c",
            "i=0; while :; do i=$((i+1)); echo $i; usleep 1000; done");
    String id = BED.cri().create(podId, pod, counting);
    BED.cri().start(id);
    var log = new NumberedLog(Pods.log(pod, counting));
    long pid = Pods.pid(BED.cri(), id);

    for (int kill = 0; kill < KILLS; kill++) {
      log.await(log.last() + 20, LIMIT);
      BED.daemon().kill();
      log.await(log.last() + 50, LIMIT);
      BED.daemon().startAgain();
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
      assertThat(Pods.pid(BED.cri(), id)).isEqualTo(pid);
    }

    BED.cri().stop(id, Duration.ZERO);
    assertThat(log.requireNoGap()).isGreaterThan(KILLS * 70);
    BED.cri().removePod(podId);
  }

  @Test
  void anExitWhileTheDaemonIsAwayIsReportedWithItsCodeAndItsTime() throws Exception {
    PodSandboxConfig pod = Pods.pod("ending", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig ending =
        Pods.container(
            "main",
            BED.busybox(),
            "sh",
            "-c",
            "while [ ! -e /end ]; do usleep 1000; done; echo ending; exit 42");
    String id = BED.cri().create(podId, pod, ending);
    BED.cri().start(id);
    // The daemon is killed while the container waits the second that the exec gives it.
    BED.cri().exec(id, "sh", "-c", "(sleep 1; echo > /end) >/dev/null 2>&1 &");
    long pid = Pods.pid(BED.cri(), id);

    BED.daemon().kill();
    Instant killed = Instant.now();
    Await.until("the container to end", LIMIT, () -> !Files.exists(Pods.processFolder(pid)));
    Instant ended = Instant.now();
    BED.daemon().startAgain();

    ContainerStatus status = BED.cri().status(id);
    assertThat(status.getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(status.getExitCode()).isEqualTo(42);
    assertThat(status.getReason()).isEqualTo("Error");
    assertThat(TimeUnit.NANOSECONDS.toMillis(status.getFinishedAt()))
        .isBetween(killed.toEpochMilli(), ended.toEpochMilli() + 1);
    String lastWords = Pods.logLines(pod, ending).getLast();
    assertThat(lastWords).endsWith(" stdout F ending");
    Instant spoken = Instant.parse(lastWords.substring(0, lastWords.indexOf(' ')));
    assertThat(status.getFinishedAt()).isGreaterThan(nanos(spoken));
    assertThat(status.getStartedAt()).isPositive().isLessThan(nanos(spoken));
    BED.cri().removePod(podId);
  }

  @Test
  void aPodKeepsItsAddressAndItsStateOverARestart() throws Exception {
    PodSandboxConfig pod = Pods.pod("addressed", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    var before = BED.cri().podStatus(podId);

    BED.daemon().kill();
    BED.daemon().startAgain();

    assertThat(BED.cri().podStatus(podId)).isEqualTo(before);
    assertThat(before.getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
    assertThat(before.getNetwork().getIp()).isNotEmpty();
    BED.cri().removePod(podId);
  }

  @Test
  void aDaemonThatIsAskedToStopLeavesContainersRunning() throws Exception {
    PodSandboxConfig pod = Pods.pod("staying", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id =
        BED.cri().create(podId, pod, Pods.container("main", BED.busybox(), "sleep", "1000"));
    BED.cri().start(id);
    long pid = Pods.pid(BED.cri(), id);

    BED.daemon().stop();
    assertThat(Pods.processFolder(pid)).exists();
    BED.daemon().startAgain();

    assertThat(Pods.pid(BED.cri(), id)).isEqualTo(pid);
    BED.cri().removePod(podId);
  }

  private static long nanos(Instant time) {
    return TimeUnit.SECONDS.toNanos(time.getEpochSecond()) + time.getNano();
  }
}
