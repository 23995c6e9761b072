package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.CheckpointContainerRequest;
import dev.hearth.proto.cri.v1.CheckpointPodRequest;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.RestorePodRequest;
import dev.hearth.proto.cri.v1.SecurityProfile;
import dev.hearth.testing.Await;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import dev.hearth.testing.WorkingCriu;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Containers are saved and run on; where that cannot be, the reason is said. */
@NeedsRoot
class CheckpointE2E {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String COUNTER =
      "trap 'exit 7' TERM; mkdir /new; rm -r /srv; i=0; while :; do i=$((i+1)); echo $i > /new/count; echo $i; sleep"
          + " 0.1; done";

  @RegisterExtension static final TestBed BED = new TestBed();

  @Test
  void aContainerIsSavedWholeAndCountsOn() throws IOException {
    WorkingCriu.assume();
    Path archive = BED.folder().resolve("counter.tar");
    try (TestPod pod = TestPod.of(BED, "saved", linux -> {})) {
      ContainerConfig counter = pod.script("counter", COUNTER, linux -> {});
      String id = pod.start(counter);
      awaitLines(pod, counter, 3);
      save(id, archive);
      int counted = pod.printed(counter).size();
      awaitLines(pod, counter, counted + 3);
      List<String> printed = pod.printed(counter);
      assertThat(printed.getLast()).isEqualTo(Integer.toString(printed.size()));
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
      assertThat(BED.cri().exec(id, "cat", "/new/count").getExitCode()).isZero();
    }
    assertThat(names(archive, ""))
        .contains("config.dump", "spec.dump", "hearth.dump", "dump.log", "stats-dump")
        .contains("checkpoint/inventory.img", "checkpoint/pstree.img", "checkpoint/core-1.img");
    assertThat(names(archive, "rootfs-diff.tar")).contains("new", "new/count", ".wh.srv");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(archive)))
        .isEqualTo("rw-------");
  }

  @Test
  void aSavedContainerCountsOnInAnotherPod() {
    WorkingCriu.assume();
    Path archive = BED.folder().resolve("moved.tar");
    int saved;
    try (TestPod pod = TestPod.of(BED, "first", linux -> {})) {
      ContainerConfig counter = pod.script("counter", COUNTER, CheckpointE2E::confined);
      String id = pod.start(counter);
      awaitLines(pod, counter, 5);
      save(id, archive);
      saved = pod.printed(counter).size();
    }
    try (TestPod pod = TestPod.of(BED, "second", linux -> {})) {
      ContainerConfig counter = fromArchive(pod, archive);
      String id = pod.start(counter);
      awaitLines(pod, counter, 3);
      assertThat(Integer.parseInt(pod.printed(counter).getFirst())).isBetween(2, saved + 1);
      assertThat(
              BED.cri()
                  .exec(
                      id, "sh", "-c", "test $(cat /new/count) -gt 3 && test ! -e /srv && hostname")
                  .getStdout()
                  .toStringUtf8()
                  .strip())
          .isEqualTo(pod.config().getHostname());
      assertThat(
              BED.cri().exec(id, "grep", "^Seccomp:", "/proc/1/status").getStdout().toStringUtf8())
          .contains("2");
      assertThat(BED.cri().exec(id, "cat", "/proc/kcore").getStdout().size()).isZero();
      BED.cri().stop(id, Duration.ofSeconds(10));
      assertThat(BED.cri().status(id).getExitCode()).isEqualTo(7);
    }
  }

  @Test
  void whatIsNoCheckpointIsRefusedAndLeavesNothing() throws IOException {
    WorkingCriu.assume();
    Path archive = Files.writeString(BED.folder().resolve("none.tar"), "none");
    try (TestPod pod = TestPod.of(BED, "none", linux -> {})) {
      Status status = TestPod.refusal(() -> pod.create(fromArchive(pod, archive)));
      assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      Path absent = BED.folder().resolve("absent.tar");
      assertThat(TestPod.refusal(() -> pod.create(fromArchive(pod, absent))).getCode())
          .isEqualTo(Status.Code.NOT_FOUND);
    }
  }

  private static ContainerConfig fromArchive(TestPod pod, Path archive) {
    return pod.script("counter", "exit 1", CheckpointE2E::confined).toBuilder()
        .setImage(ImageSpec.newBuilder().setImage(archive.toString()))
        .build();
  }

  private static void confined(LinuxContainerConfig.Builder linux) {
    linux
        .getSecurityContextBuilder()
        .addMaskedPaths("/proc/kcore")
        .addMaskedPaths("/proc/scsi")
        .addMaskedPaths("/sys/firmware")
        .addReadonlyPaths("/proc/sys")
        .addReadonlyPaths("/proc/bus")
        .setSeccomp(
            SecurityProfile.newBuilder()
                .setProfileType(SecurityProfile.ProfileType.RuntimeDefault));
  }

  @Test
  void whatCannotBeSavedIsRefusedAndRunsOn() {
    WorkingCriu.assume();
    try (TestPod pod = TestPod.of(BED, "refused", linux -> {})) {
      ContainerConfig terminal =
          pod.script("terminal", "exec sleep 1000", linux -> {}).toBuilder().setTty(true).build();
      String id = pod.start(terminal);
      Status status = TestPod.refusal(() -> save(id, BED.folder().resolve("terminal.tar")));
      assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
      assertThat(status.getDescription()).contains("terminal");
      String other = pod.start(pod.script("other", "exec sleep 1000", linux -> {}));
      assertThat(TestPod.refusal(() -> save(other, Path.of("nowhere/x.tar"))).getCode())
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
    }
  }

  @Test
  void whatRunsIsRefusedForWantOfCriuAndRunsOn() {
    Assumptions.assumeFalse(WorkingCriu.exists(), "this machine has a criu that works");
    try (TestPod pod = TestPod.of(BED, "kept", linux -> {})) {
      String id = pod.start(pod.script("sleeper", "exec sleep 1000", linux -> {}));
      assertForWantOfCriu(TestPod.refusal(() -> save(id, BED.folder().resolve("x.tar"))));
      assertForWantOfCriu(TestPod.refusal(() -> savePod(pod.id())));
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
    }
    assertForWantOfCriu(
        TestPod.refusal(() ->
            BED.cri()
                .runtime()
                .restorePod(
                    RestorePodRequest.newBuilder().setCheckpointPath("/tmp/x.tar").build())));
  }

  @Test
  void whatDoesNotRunCannotBeSaved() {
    try (TestPod pod = TestPod.of(BED, "still", linux -> {})) {
      String id = pod.create(pod.script("sleeper", "exec sleep 1000", linux -> {}));
      assertThat(TestPod.refusal(() -> save(id, BED.folder().resolve("x.tar"))).getDescription())
          .contains("does not run");
    }
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(
            TestPod.refusal(() -> save("0123456789abcdef", BED.folder().resolve("x.tar")))
                .getCode())
        .isEqualTo(Status.Code.NOT_FOUND);
  }

  private static void assertForWantOfCriu(Status status) {
    assertThat(status.getDescription()).contains("criu");
    assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
  }

  private static void awaitLines(TestPod pod, ContainerConfig container, int lines) {
    Await.until(
        () -> lines + " lines of " + container.getMetadata().getName(),
        LIMIT,
        () -> pod.printed(container).size() >= lines);
  }

  private static void save(String id, Path archive) {
    var _ =
        BED.cri()
            .runtime()
            .checkpointContainer(
                CheckpointContainerRequest.newBuilder()
                    .setContainerId(id)
                    .setLocation(archive.toString())
                    .setTimeout(20)
                    .build());
  }

  private static void savePod(String id) {
    var _ =
        BED.cri()
            .runtime()
            .checkpointPod(CheckpointPodRequest.newBuilder().setPodSandboxId(id).build());
  }

  /** The files of an archive, or of one in it. */
  private static List<String> names(Path archive, String inner) throws IOException {
    List<String> names = new ArrayList<>();
    try (var tar = new TarArchiveInputStream(Files.newInputStream(archive))) {
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        if (inner.isEmpty()) {
          names.add(entry.getName());
        } else if (entry.getName().equals(inner)) {
          var nested = new TarArchiveInputStream(tar);
          TarArchiveEntry found;
          while ((found = nested.getNextEntry()) != null) {
            names.add(found.getName());
          }
          return names;
        }
      }
    }
    return names;
  }
}
