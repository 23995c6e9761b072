package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.CreateContainerRequest;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.RunPodSandboxRequest;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesRequest;
import dev.hearth.testing.Cri;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Asking again does no harm, whether one after the other, at once, or after giving up. */
@NeedsRoot
class IdempotencyE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int CALLERS = 8;
  private static final int KILLED = 137;

  private static final long[] PATIENCE_MICROS = {500, 1_000, 2_000, 4_000, 8_000};

  /** Ignores SIGTERM, and says when it came. */
  private static final String STUBBORN =
      "trap 'echo asked' TERM; echo ready; while :; do usleep 10000; done";

  @Test
  void callersOfOneRequestAtOnceGetOneObject() throws Exception {
    PodSandboxConfig pod = Pods.pod("shared", BED.home().logs());
    ContainerConfig container = Pods.container("main", BED.busybox(), "sleep", "1000");
    Set<String> pods = atOnce(() -> BED.cri().runPod(pod));
    assertThat(pods).hasSize(1);
    String podId = pods.iterator().next();
    Set<String> containers = atOnce(() -> BED.cri().create(podId, pod, container));
    assertThat(containers).hasSize(1);
    String id = containers.iterator().next();
    assertThat(podCount()).isEqualTo(1);
    assertThat(containerCount()).isEqualTo(1);

    atOnce(() -> {
      BED.cri().start(id);
      return id;
    });
    assertThat(Pods.processes(id)).containsExactly(Pods.pid(BED.cri(), id));
    atOnce(() -> {
      BED.cri().removePod(podId);
      return podId;
    });
    assertThat(podCount()).isZero();
  }

  @Test
  void aRepeatedCreationFindsAContainerWhoseLimitsWereChangedSince() {
    try (TestPod pod = TestPod.of(BED, "resized", _ -> {})) {
      ContainerConfig container = pod.script("main", "exec sleep 1000", _ -> {});
      String id = pod.start(container);
      var _ =
          BED.cri()
              .runtime()
              .updateContainerResources(
                  UpdateContainerResourcesRequest.newBuilder()
                      .setContainerId(id)
                      .setLinux(LinuxContainerResources.newBuilder().setCpuShares(512))
                      .build());
      assertThat(pod.create(container)).isEqualTo(id);
    }
  }

  @Test
  void aRepeatedCreationDoesNotAnswerWhatIsOnItsWayOut() throws Exception {
    BED.daemon().kill();
    BED.daemon().startAgain("fail:RemoveContainer:2");
    try (TestPod pod = TestPod.of(BED, "leaving", _ -> {})) {
      ContainerConfig container = pod.script("main", "exec sleep 1000", _ -> {});
      String id = pod.create(container);
      assertThat(TestPod.refusal(() -> BED.cri().remove(id)).getCode())
          .isEqualTo(Status.Code.INTERNAL);
      Status refusal = TestPod.refusal(() -> pod.create(container));
      assertThat(refusal.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
      assertThat(refusal.getDescription()).contains(id, "removed");
      BED.cri().remove(id);
      assertThat(pod.create(container)).isNotEqualTo(id);
    }
  }

  @Test
  void aCallerThatGaveUpAsksAgainAndGetsTheObjectItWanted() throws Exception {
    PodSandboxConfig pod = Pods.pod("impatient", BED.home().logs());
    RunPodSandboxRequest run = RunPodSandboxRequest.newBuilder().setConfig(pod).build();
    giveUp(runtime -> runtime.runPodSandbox(run));
    String podId = BED.cri().runPod(pod);
    assertThat(podCount()).isEqualTo(1);
    ContainerConfig container = Pods.container("main", BED.busybox(), "sleep", "1000");
    CreateContainerRequest create =
        CreateContainerRequest.newBuilder()
            .setPodSandboxId(podId)
            .setSandboxConfig(pod)
            .setConfig(container)
            .build();
    giveUp(runtime -> runtime.createContainer(create));
    String id = BED.cri().create(podId, pod, container);
    assertThat(containerCount()).isEqualTo(1);
    BED.cri().start(id);
    BED.cri().removePod(podId);
  }

  /** Calls with too little patience for an answer; the daemon is somewhere else each time. */
  private static void giveUp(Consumer<RuntimeServiceBlockingStub> call) {
    for (long micros : PATIENCE_MICROS) {
      try {
        call.accept(BED.cri().runtime().withDeadlineAfter(micros, TimeUnit.MICROSECONDS));
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
      }
    }
  }

  @Test
  void aSecondStopWithLessPatienceEndsTheFirst() throws Exception {
    PodSandboxConfig pod = Pods.pod("stubborn", BED.home().logs());
    ContainerConfig stubborn = Pods.container("main", BED.busybox(), "sh", "-c", STUBBORN);
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, stubborn);
    BED.cri().start(id);
    PodLife.awaitLines(pod, stubborn, 1);
    try (ExecutorService caller = Executors.newVirtualThreadPerTaskExecutor()) {
      Cri cri = BED.cri();
      Future<?> first = caller.submit(() -> cri.stop(id, Duration.ofSeconds(100)));
      PodLife.awaitLines(pod, stubborn, 2);
      assertThat(first).isNotDone();
      BED.cri().stop(id, Duration.ofSeconds(1));
      first.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(BED.cri().status(id).getExitCode()).isEqualTo(KILLED);
    BED.cri().stop(id, Duration.ofSeconds(100));
    BED.cri().removePod(podId);
  }

  @Test
  void whatIsUnknownIsStoppedAndRemovedAlready() {
    String unknown = "0123456789abcdef".repeat(4);
    BED.cri().stop(unknown, Duration.ofSeconds(1));
    BED.cri().remove(unknown);
    BED.cri().removePod(unknown);
    assertThatThrownBy(() -> BED.cri().start(unknown))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
  }

  @Test
  void startingWhatRunsSucceeds() {
    PodSandboxConfig pod = Pods.pod("started", BED.home().logs());
    ContainerConfig container =
        Pods.container("main", BED.busybox(), "sh", "-c", "echo started; exec sleep 1000");
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);
    long pid = Pods.pid(BED.cri(), id);
    BED.cri().start(id);
    assertThat(Pods.pid(BED.cri(), id)).isEqualTo(pid);
    PodLife.awaitLines(pod, container, 1);
    BED.cri().stop(id, Duration.ZERO);
    assertThat(Pods.logLines(pod, container)).hasSize(1);
    BED.cri().removePod(podId);
  }

  private static Set<String> atOnce(Callable<String> call) throws Exception {
    Set<String> answers = new HashSet<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(call);
      }
      for (Future<String> answer : callers.invokeAll(calls)) {
        answers.add(answer.get());
      }
    }
    return answers;
  }

  private static int podCount() {
    return BED.cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsCount();
  }

  private static int containerCount() {
    return BED.cri()
        .runtime()
        .listContainers(ListContainersRequest.getDefaultInstance())
        .getContainersCount();
  }
}
