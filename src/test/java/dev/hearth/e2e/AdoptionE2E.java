package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.SocketMessages;
import dev.hearth.linux.UnixSockets;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.admin.v1.RecoveryReport;
import dev.hearth.proto.admin.v1.SetAside;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import dev.hearth.testing.Folders;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the next daemon makes of what it finds: containers that ended, and things that are broken.
 */
@NeedsRoot
class AdoptionE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int KILLED = 137;
  private static final int UNKNOWN = 255;

  /** After this the container runs and no record says so. */
  private static final String LAUNCHED = "crash:StartContainer:launch";

  private String lastPodId = "";
  private String lastId = "";
  private long lastPid;

  /** One pod with one container that runs. */
  private record Running(PodSandboxConfig pod, String podId, String id, long pid) {
    static Running of(String name, String script) {
      return of(name, Pods.container("main", BED.busybox(), "sh", "-c", script));
    }

    static Running of(String name, ContainerConfig container) {
      PodSandboxConfig pod = Pods.pod(name, BED.home().logs());
      String podId = BED.cri().runPod(pod);
      String id = BED.cri().create(podId, pod, container);
      BED.cri().start(id);
      return new Running(pod, podId, id, Pods.pid(BED.cri(), id));
    }

    ContainerStatus status() {
      return BED.cri().status(id);
    }

    void requireAdopted() {
      assertThat(status().getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
      assertThat(Pods.pid(BED.cri(), id)).isEqualTo(pid);
      assertThat(BED.cri().podStatus(podId).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
    }

    /** Its parent. */
    long shim() {
      return ProcessHandle.of(pid).orElseThrow().parent().orElseThrow().pid();
    }

    void awaitEnd() {
      Await.until("the container to end", LIMIT, () -> !Files.exists(Pods.processFolder(pid)));
    }

    void remove() {
      BED.cri().removePod(podId);
    }
  }

  @Test
  void anEndBySignalWhileTheDaemonIsAwayIsReported() throws Exception {
    Running killed = Running.of("killed", "exec sleep 1000");
    BED.daemon().kill();
    signal(killed.pid(), "KILL");
    killed.awaitEnd();
    BED.daemon().startAgain();

    assertThat(killed.status().getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(killed.status().getExitCode()).isEqualTo(KILLED);
    assertThat(killed.status().getReason()).isEqualTo("Error");
    assertThat(recovery().getMarkedExitedList())
        .singleElement()
        .satisfies(marked -> {
          assertThat(marked.getContainerId()).isEqualTo(killed.id());
          assertThat(marked.getFinishedAt()).isEqualTo(killed.status().getFinishedAt());
        });
    killed.remove();
  }

  @Test
  void anEndForLackOfMemoryWhileTheDaemonIsAwayIsReported() throws Exception {
    ContainerConfig.Builder greedy =
        Pods.container(
            "main",
            BED.busybox(),
            "sh",
            "-c",
            "while [ ! -e /eat ]; do usleep 1000; done; exec tail /dev/zero")
            .toBuilder();
    greedy
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().setMemoryLimitInBytes(16L << 20));
    Running hungry = Running.of("hungry", greedy.build());
    BED.daemon().kill();
    Files.createFile(Path.of("/proc/" + hungry.pid() + "/root/eat"));
    hungry.awaitEnd();
    BED.daemon().startAgain();

    assertThat(hungry.status().getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(hungry.status().getReason()).isEqualTo("OOMKilled");
    assertThat(hungry.status().getExitCode()).isEqualTo(KILLED);
    hungry.remove();
  }

  @Test
  void aContainerWhoseShimWasKilledIsEndedAndItsEndIsUnknown() throws Exception {
    Running orphan = Running.of("orphan", "sleep 1000 & exec sleep 1000");
    Await.until("the second process", LIMIT, () -> Pods.processes(orphan.id()).size() == 2);
    BED.daemon().kill();
    signal(orphan.shim(), "KILL");
    BED.daemon().startAgain();

    Await.until(
        "the end to be seen",
        LIMIT,
        () -> orphan.status().getState() == ContainerState.CONTAINER_EXITED);
    assertThat(orphan.status().getReason()).isEqualTo("Unknown");
    assertThat(orphan.status().getExitCode()).isEqualTo(UNKNOWN);
    assertThat(orphan.status().getMessage()).contains("shim");
    assertThat(Pods.processes(orphan.id())).isEmpty();
    assertThat(BED.cri().podStatus(orphan.podId()).getState())
        .isEqualTo(PodSandboxState.SANDBOX_READY);
    orphan.remove();
  }

  @Test
  void aTornRecordIsSetAsideAndHoldsUpNothing() throws Exception {
    Running whole = Running.of("whole", "exec sleep 1000");
    Running torn = Running.of("torn", "exec sleep 1000");
    Running garbled = Running.of("garbled", "exec sleep 1000");
    BED.daemon().kill();
    Path record = BED.home().root().resolve("records/containers").resolve(torn.id());
    Path podRecord = BED.home().root().resolve("records/pods").resolve(garbled.podId());
    byte[] good = Files.readAllBytes(record);
    byte[] goodPod = Files.readAllBytes(podRecord);
    Files.write(record, Arrays.copyOf(good, good.length / 2));
    byte[] bad = goodPod.clone();
    bad[bad.length / 2] ^= 1;
    Files.write(podRecord, bad);
    BED.daemon().startAgain();

    whole.requireAdopted();
    assertThat(BED.cri().podStatus(garbled.podId()).getState())
        .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
    List<SetAside> aside = recovery().getSetAsideList();
    assertThat(aside).extracting(SetAside::getId).contains(torn.id(), garbled.podId());
    assertThat(aside)
        .filteredOn(entry -> !entry.getPath().isEmpty())
        .hasSize(2)
        .allSatisfy(entry -> {
          assertThat(entry.getReason()).isNotEmpty();
          assertThat(Path.of(entry.getPath())).exists();
        });

    // An operator who knows better puts the records back, and nothing was lost.
    BED.daemon().kill();
    for (SetAside entry : aside) {
      Files.deleteIfExists(Path.of(entry.getPath()));
    }
    Files.write(record, good);
    Files.write(podRecord, goodPod);
    BED.daemon().startAgain();
    for (Running each : List.of(whole, torn, garbled)) {
      each.requireAdopted();
      each.remove();
    }
  }

  @Test
  void aPodIsStoppedWithAContainerWhoseRecordIsTorn() throws Exception {
    Running torn = Running.of("torn-inside", "exec sleep 1000");
    BED.daemon().kill();
    Path record = BED.home().root().resolve("records/containers").resolve(torn.id());
    Files.write(record, new byte[] {'h'});
    BED.daemon().startAgain();
    assertThat(Pods.processes(torn.id())).isNotEmpty();

    BED.cri().stopPod(torn.podId());

    assertThat(Path.of("/proc", Long.toString(torn.pid()))).doesNotExist();
    BED.cri().removePod(torn.podId());
    for (SetAside entry : recovery().getSetAsideList()) {
      Files.delete(Path.of(entry.getPath()));
    }
    BED.daemon().kill();
    BED.daemon().startAgain();
    assertThat(recovery().getSetAsideList()).isEmpty();
    assertThat(Pods.processes(torn.id())).isEmpty();
  }

  @Test
  void whatIsInAPodWhoseRecordIsTornStaysAndCanBeRemoved() throws Exception {
    Running running = Running.of("unreadable", "exec sleep 1000");
    ContainerConfig other = Pods.container("created", BED.busybox(), "true");
    String created = BED.cri().create(running.podId(), running.pod(), other);
    ContainerConfig third = Pods.container("exited", BED.busybox(), "sleep", "1000");
    String exited = BED.cri().create(running.podId(), running.pod(), third);
    BED.cri().start(exited);
    BED.cri().stop(exited, Duration.ZERO);
    BED.daemon().kill();
    Files.write(
        BED.home().root().resolve("records/pods").resolve(running.podId()), new byte[] {'h'});

    for (int start = 0; start < 2; start++) {
      BED.daemon().startAgain();
      assertThat(BED.cri().podStatus(running.podId()).getState())
          .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
      assertThat(running.status().getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
      assertThat(Pods.pid(BED.cri(), running.id())).isEqualTo(running.pid());
      assertThat(BED.cri().status(created).getState()).isEqualTo(ContainerState.CONTAINER_CREATED);
      assertThat(BED.cri().status(exited).getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
      BED.daemon().kill();
    }

    BED.daemon().startAgain();
    BED.cri().stopPod(running.podId());
    assertThat(running.status().getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    running.remove();
    assertThat(recovery().getSetAsideList()).isEmpty();
    Path aside = BED.home().root().resolve("records/pods/set-aside").resolve(running.podId());
    assertThat(aside).exists();
    Files.delete(aside);
  }

  @Test
  void aShimThatDoesNotAnswerHoldsUpNoOtherAndIsAdoptedLater() throws Exception {
    Running silent = Running.of("silent", "exec sleep 1000");
    Running other = Running.of("other", "exec sleep 1000");
    long shim = silent.shim();
    BED.daemon().kill();
    signal(shim, "STOP");
    try {
      BED.daemon().startAgain();
      other.requireAdopted();
      assertThat(BED.cri().exec(other.id(), "echo", "here").getStdout().toStringUtf8())
          .isEqualTo("here\n");
      other.remove();
      silent.requireAdopted();
      assertThat(recovery().getSetAsideList()).extracting(SetAside::getId).contains(silent.id());
    } finally {
      signal(shim, "CONT");
    }
    assertThat(BED.cri().exec(silent.id(), "echo", "here").getStdout().toStringUtf8())
        .isEqualTo("here\n");
    BED.cri().stop(silent.id(), Duration.ZERO);
    assertThat(silent.status().getExitCode()).isEqualTo(KILLED);
    silent.remove();
  }

  @Test
  void aStartOfWhichOnlyASilentShimKnowsIsNeitherRepeatedNorUndone() throws Exception {
    long shim = startOneThatIsNotRecorded("doubtful");
    try {
      BED.daemon().startAgain();
      assertThat(BED.cri().status(lastId).getState()).isEqualTo(ContainerState.CONTAINER_CREATED);
      assertThatThrownBy(() -> BED.cri().start(lastId)).hasMessageContaining("UNAVAILABLE");
      assertThat(recovery().getSetAsideList()).extracting(SetAside::getId).contains(lastId);
    } finally {
      signal(shim, "CONT");
    }
    Await.until(
        "the start to be known",
        LIMIT,
        () -> BED.cri().status(lastId).getState() == ContainerState.CONTAINER_RUNNING);
    assertThat(Pods.pid(BED.cri(), lastId)).isEqualTo(lastPid);
    BED.cri().start(lastId);
    BED.cri().removePod(lastPodId);
  }

  @Test
  void whatASilentShimMayHaveStartedIsKilledByAStop() throws Exception {
    long shim = startOneThatIsNotRecorded("unwanted");
    try {
      BED.daemon().startAgain();
      BED.cri().stop(lastId, Duration.ofSeconds(20));
      assertThat(Pods.processes(lastId)).isEmpty(); // but for what its parent must reap
    } finally {
      signal(shim, "CONT");
    }
    BED.cri().removePod(lastPodId);
  }

  /** Kills the daemon just when a container has come to run, stops the shim, and returns it. */
  private long startOneThatIsNotRecorded(String name) throws Exception {
    BED.daemon().kill();
    BED.daemon().startAgain(LAUNCHED);
    PodSandboxConfig pod = Pods.pod(name, BED.home().logs());
    lastPodId = BED.cri().runPod(pod);
    ContainerConfig sleeper = Pods.container("main", BED.busybox(), "sleep", "1000");
    lastId = BED.cri().create(lastPodId, pod, sleeper);
    assertThatThrownBy(() -> BED.cri().start(lastId)).isInstanceOf(StatusRuntimeException.class);
    BED.daemon().awaitEnd();
    assertThat(Pods.processes(lastId)).hasSize(1);
    lastPid = Pods.processes(lastId).getFirst();
    long shim = ProcessHandle.of(lastPid).orElseThrow().parent().orElseThrow().pid();
    signal(shim, "STOP");
    return shim;
  }

  @Test
  void aShimThatAnswersNonsenseIsNoReasonToKill() throws Exception {
    Running odd = Running.of("odd", "exec sleep 1000");
    Path control = BED.home().state().resolve("containers").resolve(odd.id()).resolve("shim.sock");
    Path away = control.resolveSibling("away.sock");
    BED.daemon().kill();
    Files.move(control, away);
    try (Fd listener = UnixSockets.listen(control, UnixSockets.Kind.SEQUENCED_PACKETS, 0600, 8)) {
      Thread babbler = Thread.ofPlatform().start(() -> babble(listener));
      try {
        BED.daemon().startAgain();
        odd.requireAdopted();
        assertThat(recovery().getSetAsideList()).extracting(SetAside::getId).contains(odd.id());
      } finally {
        // Before nobody listens here any more: a socket that refuses is a shim's that has ended.
        Files.move(away, control, StandardCopyOption.REPLACE_EXISTING);
        babbler.interrupt();
        babbler.join();
      }
    }
    assertThat(BED.cri().exec(odd.id(), "echo", "here").getStdout().toStringUtf8())
        .isEqualTo("here\n");
    odd.remove();
  }

  /** Answers everybody with one byte, until it is interrupted. */
  private static void babble(Fd listener) {
    try {
      while (true) {
        Optional<Fd> client = UnixSockets.accept(listener);
        if (client.isPresent()) {
          try (Fd socket = client.get()) {
            var _ = SocketMessages.send(socket, ByteBuffer.wrap(new byte[] {1}), List.of());
          }
        }
        Thread.sleep(1);
      }
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void twentyPodsGoOn() throws Exception {
    List<Running> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(Running.of("many" + i, "exec sleep 1000"));
    }
    BED.daemon().kill();
    BED.daemon().startAgain();
    assertThat(recovery().getAdoptedContainersCount()).isEqualTo(20);
    assertThat(recovery().getAdoptedPodsCount()).isEqualTo(20);
    all.forEach(Running::requireAdopted);
    all.forEach(Running::remove);
  }

  @Test
  void afterABootPodsAreNotReadyAndContainersHaveEnded() throws Exception {
    Running lost = Running.of("lost", "exec sleep 1000");
    BED.daemon().kill();
    Leftovers.end(BED.home());
    Folders.remove(BED.home().state());
    BED.daemon().startAgain();

    assertThat(BED.cri().podStatus(lost.podId()).getState())
        .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
    assertThat(lost.status().getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
    assertThat(lost.status().getReason()).isEqualTo("Unknown");
    lost.remove();
    Running next = Running.of("next", "exec sleep 1000");
    next.remove();
  }

  private static RecoveryReport recovery() {
    return BED.cri().adminInfo().getRecovery();
  }

  private static void signal(long pid, String name) throws IOException {
    try {
      int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
      assertThat(status).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
