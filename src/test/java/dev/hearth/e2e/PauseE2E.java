package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The process 1 of a PID namespace that the containers of a pod share. */
@NeedsRoot
class PauseE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static TestPod pod(String name) {
    return TestPod.of(
        BED,
        name,
        linux ->
            linux
                .getSecurityContextBuilder()
                .getNamespaceOptionsBuilder()
                .setPid(NamespaceMode.POD));
  }

  private static ContainerConfig sleeper(TestPod pod) {
    return pod.script("main", "exec sleep 1000", PauseE2E::sharing);
  }

  private static void sharing(LinuxContainerConfig.Builder linux) {
    linux.getSecurityContextBuilder().getNamespaceOptionsBuilder().setPid(NamespaceMode.POD);
  }

  /** As the host sees it. */
  private static long pause(String podId) {
    List<Long> found =
        Pods.processes(podId).stream().filter(pid -> name(pid).equals("pause")).toList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private static String name(long pid) {
    try {
      return Files.readString(Pods.processFolder(pid).resolve("comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static void awaitStopped(TestPod pod, String container) {
    Await.until(
        "the pod to be not ready",
        LIMIT,
        () -> BED.cri().podStatus(pod.id()).getState() == PodSandboxState.SANDBOX_NOTREADY);
    assertThat(BED.cri().status(container).getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
  }

  @Test
  void aContainerCannotEndIt() {
    try (TestPod pod = pod("attacked")) {
      String id = pod.start(sleeper(pod));
      var _ = BED.cri().exec(id, "sh", "-c", "kill -TERM 1; kill -INT 1; kill -KILL 1");
      assertThat(BED.cri().exec(id, "cat", "/proc/1/comm").getStdout().toStringUtf8())
          .isEqualTo("pause\n");
      assertThat(BED.cri().podStatus(pod.id()).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
    }
  }

  @Test
  void whenItIsKilledThePodIsNotReady() {
    try (TestPod pod = pod("killed")) {
      String id = pod.start(sleeper(pod));
      assertThat(ProcessHandle.of(pause(pod.id())).orElseThrow().destroyForcibly()).isTrue();
      awaitStopped(pod, id);
    }
    try (TestPod next = pod("next")) {
      assertThat(next.start(sleeper(next))).isNotEmpty();
    }
  }

  @Test
  void itIsWatchedByTheNextDaemonToo() throws Exception {
    try (TestPod pod = pod("adopted")) {
      String id = pod.start(sleeper(pod));
      BED.daemon().kill();
      BED.daemon().startAgain();
      assertThat(BED.cri().podStatus(pod.id()).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
      assertThat(ProcessHandle.of(pause(pod.id())).orElseThrow().destroyForcibly()).isTrue();
      awaitStopped(pod, id);
    }
  }
}
