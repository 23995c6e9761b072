package dev.hearth.e2e;

import static dev.hearth.proto.cri.v1.ContainerEventType.CONTAINER_CREATED_EVENT;
import static dev.hearth.proto.cri.v1.ContainerEventType.CONTAINER_DELETED_EVENT;
import static dev.hearth.proto.cri.v1.ContainerEventType.CONTAINER_STARTED_EVENT;
import static dev.hearth.proto.cri.v1.ContainerEventType.CONTAINER_STOPPED_EVENT;
import static dev.hearth.testing.EventLog.show;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import dev.hearth.testing.EventLog;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What GetContainerEvents tells of pods and containers, and in which order. */
@NeedsRoot
class EventsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Subscribers that are known to be heard: each has seen the last event of a pod made for it. */
  private static List<EventLog> listening(int count) {
    List<EventLog> logs = Stream.generate(() -> EventLog.open(BED.cri())).limit(count).toList();
    PodSandboxConfig probe = Pods.hostNetworkPod("probe", BED.home().logs());
    Await.until(
        () -> "all subscribers to be heard",
        LIMIT,
        () -> {
          String id = BED.cri().runPod(probe);
          BED.cri().removePod(id);
          return logs.stream().noneMatch(log -> log.shown().isEmpty());
        });
    for (EventLog log : logs) {
      Await.until(
          () -> "the probe's end, not " + log.shown(),
          LIMIT,
          () -> log.shown().getLast().startsWith("DELETED"));
    }
    return logs;
  }

  @Test
  void everySubscriberIsToldOfEachStepOnceAndInOrder() {
    List<EventLog> logs = listening(3);
    int before = logs.getFirst().shown().size();
    List<Integer> offsets = logs.stream().map(log -> log.shown().size()).toList();

    PodSandboxConfig pod = Pods.pod("told", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id =
        BED.cri().create(podId, pod, Pods.container("main", BED.busybox(), "sleep", "1000"));
    BED.cri().start(id);
    BED.cri().stop(id, Duration.ZERO);
    BED.cri().remove(id);
    BED.cri().stopPod(podId);
    BED.cri().removePod(podId);

    List<String> told =
        List.of(
            show(CONTAINER_CREATED_EVENT, podId),
            show(CONTAINER_STARTED_EVENT, podId),
            show(CONTAINER_CREATED_EVENT, id),
            show(CONTAINER_STARTED_EVENT, id),
            show(CONTAINER_STOPPED_EVENT, id),
            show(CONTAINER_DELETED_EVENT, id),
            show(CONTAINER_STOPPED_EVENT, podId),
            show(CONTAINER_DELETED_EVENT, podId));
    for (int i = 0; i < logs.size(); i++) {
      EventLog log = logs.get(i);
      log.await(offsets.get(i) + told.size());
      assertThat(log.shown().subList(offsets.get(i), log.shown().size())).isEqualTo(told);
    }
    requireStates(logs.getFirst().await(before + told.size()), before);
  }

  /** Each event shows its pod as it was after the step. */
  private static void requireStates(List<ContainerEventResponse> all, int before) {
    List<ContainerEventResponse> events = all.subList(before, all.size());
    assertThat(events.stream().map(event -> event.getPodSandboxStatus().getState()))
        .startsWith(
            PodSandboxState.SANDBOX_READY,
            PodSandboxState.SANDBOX_READY,
            PodSandboxState.SANDBOX_READY)
        .endsWith(PodSandboxState.SANDBOX_NOTREADY, PodSandboxState.SANDBOX_NOTREADY);
    assertThat(events)
        .allMatch(event -> event.getPodSandboxStatus().getMetadata().getUid().equals("uid-told"));
    assertThat(events.stream().map(EventsE2E::states))
        .containsExactly(
            List.of(),
            List.of(),
            List.of(ContainerState.CONTAINER_CREATED),
            List.of(ContainerState.CONTAINER_RUNNING),
            List.of(ContainerState.CONTAINER_EXITED),
            List.of(),
            List.of(),
            List.of());
    assertThat(events.get(4).getContainersStatuses(0).getExitCode()).isEqualTo(137);
    assertThat(events.stream().map(ContainerEventResponse::getCreatedAt).toList())
        .isSorted()
        .doesNotHaveDuplicates();
  }

  private static List<ContainerState> states(ContainerEventResponse event) {
    return event.getContainersStatusesList().stream().map(ContainerStatus::getState).toList();
  }

  @Test
  void aRemovalThatKillsTellsOfTheEndFirst() {
    EventLog log = listening(1).getFirst();
    int before = log.shown().size();
    PodSandboxConfig pod = Pods.hostNetworkPod("forced", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id =
        BED.cri().create(podId, pod, Pods.container("main", BED.busybox(), "sleep", "1000"));
    BED.cri().start(id);
    BED.cri().removePod(podId);

    log.await(before + 8);
    assertThat(log.shown().subList(before + 4, log.shown().size()))
        .containsExactly(
            show(CONTAINER_STOPPED_EVENT, id),
            show(CONTAINER_STOPPED_EVENT, podId),
            show(CONTAINER_DELETED_EVENT, id),
            show(CONTAINER_DELETED_EVENT, podId));
  }

  @Test
  void aProgramThatIsNotThereIsToldAsAnEnd() {
    EventLog log = listening(1).getFirst();
    int before = log.shown().size();
    PodSandboxConfig pod = Pods.hostNetworkPod("absent", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, Pods.container("main", BED.busybox(), "/absent"));
    assertThatThrownBy(() -> BED.cri().start(id)).hasMessageContaining("absent");

    ContainerEventResponse end = log.await(before + 4).getLast();
    assertThat(end.getContainerEventType()).isEqualTo(CONTAINER_STOPPED_EVENT);
    assertThat(end.getContainersStatuses(0).getReason()).isEqualTo("StartError");
    BED.cri().removePod(podId);
  }

  @Test
  void anEndWhileTheDaemonIsAwayIsToldOnceToTheFirstWhoAsks() throws Exception {
    PodSandboxConfig pod = Pods.hostNetworkPod("away", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig main =
        Pods.container(
            "main",
            BED.busybox(),
            "sh",
            "-c",
            "while [ ! -e /end ]; do usleep 1000; done; echo ending; exit 42");
    String id = BED.cri().create(podId, pod, main);
    BED.cri().start(id);
    long pid = Pods.pid(BED.cri(), id);
    BED.daemon().kill();
    Files.createFile(Pods.processFolder(pid).resolve("root/end"));
    Await.until(() -> "the container to end", LIMIT, () -> !Files.exists(Pods.processFolder(pid)));
    BED.daemon().startAgain();

    EventLog log = EventLog.open(BED.cri());
    ContainerEventResponse end = log.await(1).getFirst();
    assertThat(log.shown()).containsExactly(show(CONTAINER_STOPPED_EVENT, id));
    assertThat(end.getContainersStatuses(0).getExitCode()).isEqualTo(42);

    BED.daemon().kill();
    BED.daemon().startAgain();
    EventLog again = EventLog.open(BED.cri());
    BED.cri().removePod(podId);
    again.await(3);
    assertThat(again.shown())
        .containsExactly(
            show(CONTAINER_STOPPED_EVENT, podId),
            show(CONTAINER_DELETED_EVENT, id),
            show(CONTAINER_DELETED_EVENT, podId));
  }

  @Test
  void aDaemonThatStopsSaysSoToItsSubscribers() throws Exception {
    EventLog log = listening(1).getFirst();
    BED.daemon().stop();

    assertThat(log.awaitEnd())
        .get()
        .matches(end -> end.getStatus().getCode() == Status.Code.UNAVAILABLE)
        .extracting(Throwable::getMessage)
        .asString()
        .contains("stopping");
    BED.daemon().startAgain();
  }
}
