package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Crashes;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.time.Duration;
import java.util.List;

/**
 * A pod with two containers, from the beginning to the end, verb by verb. The pod has a PID
 * namespace, which the first container shares.
 */
final class PodLife {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int KILLED = 137;
  private static final String SAY_ONCE = "echo started; exec sleep 1000";

  private final TestBed bed;
  private final int starts;
  private final PodSandboxConfig pod;
  private final ContainerConfig first;
  private final ContainerConfig second;
  private String podId = "";
  private String firstId = "";
  private String secondId = "";
  private List<Long> survivors = List.of();

  /**
   * @param starts how often the first container's program may be run: more than once only where a
   *     start is undone after it
   */
  PodLife(TestBed bed, String name, int starts) {
    this.bed = bed;
    this.starts = starts;
    pod = sharingPids(Pods.pod(name, bed.home().logs()));
    first = sharingPids(Pods.container("first", bed.busybox(), "sh", "-c", SAY_ONCE));
    second = Pods.container("second", bed.busybox(), "sh", "-c", SAY_ONCE);
  }

  private static PodSandboxConfig sharingPids(PodSandboxConfig pod) {
    PodSandboxConfig.Builder changed = pod.toBuilder();
    changed
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setPid(NamespaceMode.POD);
    return changed.build();
  }

  private static ContainerConfig sharingPids(ContainerConfig container) {
    ContainerConfig.Builder changed = container.toBuilder();
    changed
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setPid(NamespaceMode.POD);
    return changed.build();
  }

  List<Crashes.Verb> verbs() {
    return List.of(
        new Crashes.Verb("RunPodSandbox", this::run, () -> {}, this::requirePod),
        new Crashes.Verb("CreateContainer", this::create, () -> {}, this::requireCreated),
        new Crashes.Verb("StartContainer", this::start, this::look, this::requireStarted),
        new Crashes.Verb("RemoveContainer", this::remove, () -> {}, this::requireOneLess),
        new Crashes.Verb("StopPodSandbox", this::stop, () -> {}, this::requireStopped),
        new Crashes.Verb("RemovePodSandbox", this::removePod, () -> {}, this::requireNothing));
  }

  private void run() {
    podId = bed.cri().runPod(pod);
  }

  private void requirePod() {
    assertThat(pods()).singleElement().extracting(PodSandbox::getId).isEqualTo(podId);
    requireReady();
    assertThat(bed.cri().podStatus(podId).getNetwork().getIp()).isNotEmpty();
  }

  private void requireReady() {
    assertThat(bed.cri().podStatus(podId).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
  }

  private void create() {
    firstId = bed.cri().create(podId, pod, first);
  }

  private void requireCreated() {
    requireReady();
    assertThat(containers()).singleElement().extracting(Container::getId).isEqualTo(firstId);
    assertThat(bed.cri().status(firstId).getState()).isEqualTo(ContainerState.CONTAINER_CREATED);
  }

  private void start() {
    bed.cri().start(firstId);
  }

  private void look() {
    survivors = Pods.processes(firstId);
  }

  private void requireStarted() {
    assertThat(bed.cri().status(firstId).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
    awaitLines(pod, first, 1);
    assertThat(bed.cri().exec(firstId, "echo", "here").getStdout().toStringUtf8())
        .isEqualTo("here\n");
    long pid = Pods.pid(bed.cri(), firstId);
    assertThat(Pods.processes(firstId)).containsExactly(pid);
    if (!survivors.isEmpty()) {
      assertThat(survivors).containsExactly(pid);
    }
    assertThat(Pods.logLines(pod, first)).hasSizeLessThanOrEqualTo(starts);
  }

  private void remove() {
    bed.cri().remove(firstId);
  }

  private void requireOneLess() {
    assertThat(containers()).isEmpty();
    assertThat(Pods.log(pod, first)).exists();
    requireReady();
    secondId = bed.cri().create(podId, pod, second);
    bed.cri().start(secondId);
    awaitLines(pod, second, 1);
  }

  private void stop() {
    bed.cri().stopPod(podId);
  }

  private void requireStopped() {
    assertThat(bed.cri().podStatus(podId).getState()).isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
    ContainerStatus status = bed.cri().status(secondId);
    assertThat(status.getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(status.getExitCode()).isEqualTo(KILLED);
    assertThat(status.getStartedAt()).isPositive().isLessThan(status.getFinishedAt());
  }

  private void removePod() {
    bed.cri()
        .runtime()
        .removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(podId).build());
  }

  private void requireNothing() {
    assertThat(pods()).isEmpty();
    assertThat(containers()).isEmpty();
  }

  private List<PodSandbox> pods() {
    return bed.cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList();
  }

  private List<Container> containers() {
    return bed.cri()
        .runtime()
        .listContainers(ListContainersRequest.getDefaultInstance())
        .getContainersList();
  }

  static void awaitLines(PodSandboxConfig pod, ContainerConfig container, int count) {
    Await.until(
        () -> count + " lines in " + Pods.log(pod, container),
        LIMIT,
        () -> Pods.logLines(pod, container).size() >= count);
  }
}
