package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerFilter;
import dev.hearth.proto.cri.v1.ContainerMetadata;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStateValue;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatsFilter;
import dev.hearth.proto.cri.v1.Device;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.ReopenContainerLogRequest;
import dev.hearth.proto.cri.v1.StopContainerRequest;
import dev.hearth.proto.cri.v1.WindowsContainerConfig;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the fields of a container's requests come to. */
@NeedsRoot
class ContainerFieldsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private PodSandboxConfig pod = PodSandboxConfig.getDefaultInstance();
  private String podId = "";

  @BeforeEach
  void runPod() {
    pod = Pods.pod("fields", BED.home().logs());
    podId = BED.cri().runPod(pod);
  }

  @AfterEach
  void removePod() {
    BED.cri().removePod(podId);
  }

  private String run(ContainerConfig container) {
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);
    return id;
  }

  private static ContainerConfig.Builder container(String name, String... command) {
    return Pods.container(name, BED.busybox(), command).toBuilder();
  }

  /** The container's log after its end, its lines without their heads. */
  private List<String> said(ContainerConfig config) {
    String id = run(config);
    awaitExit(id);
    return Pods.logLines(pod, config).stream().map(line -> line.split(" ", 4)[3]).toList();
  }

  private static void awaitExit(String id) {
    Await.until(
        "container " + id + " to exit",
        LIMIT,
        () -> BED.cri().status(id).getState() == ContainerState.CONTAINER_EXITED);
  }

  private static void assertRefused(ThrowingCallable call, Status.Code code, String why) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refusal -> {
              assertThat(refusal.getStatus().getCode()).isEqualTo(code);
              assertThat(refusal).hasMessageContaining(why);
            });
  }

  @Test
  void whatNamesAContainerComesBackUnchanged() {
    ContainerConfig.Builder asked =
        container("named", "sleep", "1000")
            .setMetadata(ContainerMetadata.newBuilder().setName("named").setAttempt(3))
            .putLabels("tier", "front")
            .putAnnotations("note", "ünïcode");
    asked.getImageBuilder().setUserSpecifiedImage("as-the-user-wrote-it");
    ContainerConfig config = asked.build();
    String id = BED.cri().create(podId, pod, config);
    var status = BED.cri().status(id);
    assertThat(status.getMetadata()).isEqualTo(config.getMetadata());
    assertThat(status.getLabelsMap()).isEqualTo(config.getLabelsMap());
    assertThat(status.getAnnotationsMap()).isEqualTo(config.getAnnotationsMap());
    assertThat(status.getImage().getUserSpecifiedImage()).isEqualTo("as-the-user-wrote-it");
    assertThat(status.getLogPath()).isEqualTo(Pods.log(pod, config).toString());
    Container item = listed(ContainerFilter.getDefaultInstance()).getFirst();
    assertThat(item.getMetadata()).isEqualTo(config.getMetadata());
    assertThat(item.getLabelsMap()).isEqualTo(config.getLabelsMap());
    assertThat(item.getAnnotationsMap()).isEqualTo(config.getAnnotationsMap());
    assertThat(item.getPodSandboxId()).isEqualTo(podId);
    assertThat(item.getImageId()).isEqualTo(status.getImageId()).isNotEmpty();
  }

  @Test
  void containersAreListedByIdStatePodAndLabels() {
    String created =
        BED.cri().create(podId, pod, container("one", "sleep", "9").putLabels("n", "1").build());
    String running = run(container("two", "sleep", "1000").putLabels("n", "2").build());

    assertThat(ids(ContainerFilter.getDefaultInstance()))
        .containsExactlyInAnyOrder(created, running);
    assertThat(ids(ContainerFilter.newBuilder().setId(created).build())).containsExactly(created);
    assertThat(ids(ContainerFilter.newBuilder().setId(created.substring(0, 13)).build()))
        .containsExactly(created);
    assertThat(
            ids(
                ContainerFilter.newBuilder()
                    .setState(
                        ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING))
                    .build()))
        .containsExactly(running);
    assertThat(ids(ContainerFilter.newBuilder().putLabelSelector("n", "1").build()))
        .containsExactly(created);
    assertThat(ids(ContainerFilter.newBuilder().setPodSandboxId(podId).build())).hasSize(2);
    assertThat(ids(ContainerFilter.newBuilder().setPodSandboxId("0000").build())).isEmpty();

    assertThat(measured(ContainerStatsFilter.newBuilder().setId(running).build()))
        .containsExactly(running);
    assertThat(measured(ContainerStatsFilter.newBuilder().setPodSandboxId("0000").build()))
        .isEmpty();
    assertThat(measured(ContainerStatsFilter.newBuilder().putLabelSelector("n", "2").build()))
        .containsExactly(running);
  }

  private static List<Container> listed(ContainerFilter filter) {
    return BED.cri()
        .runtime()
        .listContainers(ListContainersRequest.newBuilder().setFilter(filter).build())
        .getContainersList();
  }

  private static List<String> ids(ContainerFilter filter) {
    return listed(filter).stream().map(Container::getId).toList();
  }

  private static List<String> measured(ContainerStatsFilter filter) {
    return BED
        .cri()
        .runtime()
        .listContainerStats(ListContainerStatsRequest.newBuilder().setFilter(filter).build())
        .getStatsList()
        .stream()
        .map(ContainerStats::getAttributes)
        .map(attributes -> attributes.getId())
        .toList();
  }

  @Test
  void theProcessHasTheCommandArgumentsFolderAndEnvironmentAskedFor() {
    assertThat(
            said(
                container("words", "sh", "-c")
                    .addArgs("echo $0 $1; pwd; echo $GREETING, $PATH")
                    .addArgs("zero")
                    .addArgs("one two")
                    .setWorkingDir("/srv/www")
                    .addEnvs(variable("GREETING", ByteString.copyFromUtf8("grüße=1")))
                    .build()))
        .containsExactly("zero one two", "/srv/www", "grüße=1, /bin:/usr/bin");
  }

  @Test
  void anEnvironmentThatIsNotTextIsRefused() {
    ContainerConfig config =
        container("binary", "true")
            .addEnvs(variable("BYTES", ByteString.copyFrom(new byte[] {(byte) 0xff})))
            .build();
    assertRefused(
        () -> BED.cri().create(podId, pod, config), Status.Code.INVALID_ARGUMENT, "BYTES");
  }

  private static KeyValue variable(String key, ByteString value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void aReadOnlyMountIsReadAndNotWritten() throws IOException {
    Path folder = Files.createTempDirectory(BED.folder(), "volume");
    Files.writeString(folder.resolve("file"), "content\n");
    String script = "cat /volume/file; touch /volume/new 2>&1; touch /other/new; ls /other";
    ContainerConfig config =
        container("mounts", "sh", "-c", script)
            .addMounts(
                Mount.newBuilder()
                    .setContainerPath("/volume")
                    .setHostPath(folder.toString())
                    .setReadonly(true))
            .addMounts(Mount.newBuilder().setContainerPath("/other").setHostPath(folder.toString()))
            .build();
    assertThat(said(config))
        .containsExactly("content", "touch: /volume/new: Read-only file system", "file", "new");
    assertThat(folder.resolve("new")).exists();
  }

  @Test
  void aDeviceIsThereWithItsNameAndRights() {
    ContainerConfig config =
        container("device", "sh", "-c", "head -c 2 /dev/nothing-but-zeros | od -An -tx1")
            .addDevices(
                Device.newBuilder()
                    .setHostPath("/dev/zero")
                    .setContainerPath("/dev/nothing-but-zeros")
                    .setPermissions("r"))
            .build();
    assertThat(said(config)).containsExactly(" 00 00");
  }

  @Test
  void aBlockDeviceIsReadAndNotWrittenWhereOnlyReadingIsAllowed() throws Exception {
    Path disk = Files.writeString(BED.folder().resolve("disk"), "marked".repeat(1 << 13));
    String device = loop("--find", "--show", disk.toString()).strip();
    try {
      ContainerConfig config =
          container(
                  "disk",
                  "sh",
                  "-c",
                  "head -c 6 /dev/disk; echo; test -b /dev/disk && echo block;"
                      + " (echo >/dev/disk) 2>/dev/null || echo refused")
              .addDevices(
                  Device.newBuilder()
                      .setHostPath(device)
                      .setContainerPath("/dev/disk")
                      .setPermissions("r"))
              .build();
      assertThat(said(config)).containsExactly("marked", "block", "refused");
    } finally {
      loop("--detach", device);
    }
  }

  private static String loop(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("losetup"));
    command.addAll(List.of(arguments));
    Process losetup = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = losetup.inputReader()) {
      String said = out.readAllAsString();
      assertThat(losetup.waitFor()).as(said).isZero();
      return said;
    }
  }

  @Test
  void aLogThatWasMovedAwayIsOpenedAnew() throws IOException {
    ContainerConfig piped =
        container(
                "log", "sh", "-c", "mkfifo /pipe; while :; do read line </pipe && echo $line; done")
            .build();
    String id = run(piped);
    Path log = Pods.log(pod, piped);
    say(id, "first");
    Await.until("the first line", LIMIT, () -> Pods.logLines(pod, piped).size() == 1);
    Files.move(log, log.resolveSibling("moved"));
    BED.cri()
        .runtime()
        .reopenContainerLog(ReopenContainerLogRequest.newBuilder().setContainerId(id).build());
    assertThat(log).exists();
    say(id, "second");
    Await.until("the second line", LIMIT, () -> Pods.logLines(pod, piped).size() == 1);
    assertThat(Pods.logLines(pod, piped).getFirst()).endsWith(" stdout F second");
    assertThat(Files.readAllLines(log.resolveSibling("moved"))).hasSize(1);
  }

  private static void say(String id, String line) {
    Await.until(
        "the pipe",
        LIMIT,
        () ->
            BED.cri()
                    .exec(id, "sh", "-c", "test -p /pipe && echo " + line + " >/pipe")
                    .getExitCode()
                == 0);
  }

  @Test
  void aCommandGetsItsTimeAndNoMore() {
    String id = run(container("main", "sleep", "1000").build());
    var done = BED.cri().exec(id, "sh", "-c", "echo out; echo err >&2; exit 3");
    assertThat(done.getStdout().toStringUtf8()).isEqualTo("out\n");
    assertThat(done.getStderr().toStringUtf8()).isEqualTo("err\n");
    assertThat(done.getExitCode()).isEqualTo(3);
    assertRefused(() -> exec(id, 1, "sleep", "999"), Status.Code.DEADLINE_EXCEEDED, "sleep");
    long main = Pods.pid(BED.cri(), id);
    Await.until("the command's end", LIMIT, () -> Pods.processes(id).equals(List.of(main)));
    assertRefused(() -> exec(id, -1, "true"), Status.Code.INVALID_ARGUMENT, "negative");
    assertRefused(() -> exec(id, 0), Status.Code.INVALID_ARGUMENT, "command");
  }

  private static void exec(String id, long timeout, String... command) {
    var _ =
        BED.cri()
            .runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId(id)
                    .setTimeout(timeout)
                    .addAllCmd(List.of(command))
                    .build());
  }

  @Test
  void aStopWithoutPatienceKillsAtOnce() {
    String id = run(container("stubborn", "sh", "-c", "trap '' TERM; sleep 1000").build());
    BED.cri().stop(id, Duration.ZERO);
    assertThat(BED.cri().status(id).getExitCode()).isEqualTo(137);
    assertRefused(
        () ->
            BED.cri()
                .runtime()
                .stopContainer(
                    StopContainerRequest.newBuilder().setContainerId(id).setTimeout(-1).build()),
        Status.Code.INVALID_ARGUMENT,
        "negative");
  }

  @Test
  void aLogPathThatLeadsOutOfThePodsFolderIsRefused() {
    for (String path : List.of("../elsewhere.log", "a/../../b.log", "/etc/a.log")) {
      ContainerConfig config = container("climber", "true").setLogPath(path).build();
      assertRefused(() -> BED.cri().create(podId, pod, config), Status.Code.INVALID_ARGUMENT, path);
    }
  }

  @Test
  void labelsAndAnnotationsHaveABound() {
    String much = "x".repeat(256 * 1024);
    assertRefused(
        () -> BED.cri().create(podId, pod, container("heavy", "true").putLabels("n", much).build()),
        Status.Code.INVALID_ARGUMENT,
        "labels take");
    assertRefused(
        () ->
            BED.cri()
                .create(podId, pod, container("heavy", "true").putAnnotations("n", much).build()),
        Status.Code.INVALID_ARGUMENT,
        "annotations take");
    assertThat(ids(ContainerFilter.getDefaultInstance())).isEmpty();
  }

  @Test
  void windowsContainersAreRefused() {
    ContainerConfig config =
        container("windows", "true")
            .setWindows(WindowsContainerConfig.getDefaultInstance())
            .build();
    assertRefused(
        () -> BED.cri().create(podId, pod, config), Status.Code.INVALID_ARGUMENT, "Windows");
  }
}
