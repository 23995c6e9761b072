package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.admin.v1.LayerPhase;
import dev.hearth.proto.admin.v1.MarkedExited;
import dev.hearth.proto.admin.v1.NetworkLease;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullUnderWay;
import dev.hearth.proto.admin.v1.RecoveryReport;
import dev.hearth.proto.admin.v1.SetAside;
import dev.hearth.proto.cri.v1.ContainerAttributes;
import dev.hearth.proto.cri.v1.ContainerMetadata;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.CpuUsage;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ListContainerStatsResponse;
import dev.hearth.proto.cri.v1.MemoryUsage;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.UInt64Value;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HearthCommandTest {
  private static final String WEB_POD = "a1" + "0".repeat(62);
  private static final String DB_POD = "a2" + "0".repeat(62);
  private static final String WEB = "c1" + "0".repeat(62);
  private static final String DB = "c2" + "0".repeat(62);
  private static final String BUSYBOX = "b1" + "0".repeat(62);

  @TempDir Path dir;
  private Path socket;
  private FakeDaemon daemon;

  @BeforeEach
  void start() throws IOException {
    socket = dir.resolve("s");
    daemon = new FakeDaemon(socket, true);
    daemon.pods.add(FakeDaemon.pod(WEB_POD, "web-0", 0));
    daemon.pods.add(FakeDaemon.pod(DB_POD, "db-0", 0));
    daemon.containers.add(FakeDaemon.container(WEB, WEB_POD, "web", 0));
    daemon.containers.add(FakeDaemon.container(DB, DB_POD, "db", 0));
    daemon.images.add(
        FakeDaemon.image(
            BUSYBOX, 4_260_000, "docker.io/library/busybox:1.36", "localhost:5000/b:x"));
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  private CommandRun run(String... arguments) {
    return CommandRun.of(socket, arguments);
  }

  private static JsonObject json(CommandRun run) {
    return JsonParser.parseString(run.out()).getAsJsonObject();
  }

  // The command line itself

  @Test
  void withoutACommandSaysWhatThereIs() {
    CommandRun run = run();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("Usage: hearth", "pods", "ps", "inspect", "--socket");
  }

  @Test
  void helpMayBeAskedForAsACommand() {
    assertThat(run("help")).isEqualTo(run("--help"));
  }

  @Test
  void everyHelpTellsTheExitCodes() {
    for (String command :
        List.of(
            "version", "status", "pods", "ps", "images", "pull", "logs", "exec", "inspect", "stats",
            "stop", "rm")) {
      CommandRun run = run(command, "--help");
      assertThat(run.exitCode()).as(command).isZero();
      assertThat(run.out())
          .as(command)
          .contains("Exit codes:", "3", "no daemon answers on the socket", "--socket");
    }
  }

  @Test
  void misuseIsOneLineAndCodeTwo() {
    for (String[] arguments :
        new String[][] {
          {"frobnicate"},
          {"ps", "--nope"},
          {"exec", "web"},
          {"logs"},
          {"ps", "-o", "xml"},
          {"logs", "--since", "yesterday", "web"},
          {"logs", "--tail", "-1", "web"},
          {"logs", "--tail", "many", "web"},
          {"exec", "-it", "--timeout", "1", "web", "sh"},
          {"exec", "--timeout", "-1", "web", "sh"},
          {"pull", ""},
          {"stop", "--timeout", "-1", "web"},
          {"rm", "--type", "thing", "web"},
          {"ps", "--patience", "0"}
        }) {
      CommandRun run = run(arguments);
      assertThat(run.exitCode()).as("%s", List.of(arguments)).isEqualTo(ExitCode.USAGE);
      assertThat(run.err()).as("%s", List.of(arguments)).startsWith("hearth: ").hasLineCount(1);
      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void theSocketOptionStandsBeforeOrAfterTheCommandAndBeatsTheEnvironment() {
    Path elsewhere = dir.resolve("elsewhere");
    assertThat(CommandRun.of(elsewhere, "--socket", socket.toString(), "ps").exitCode()).isZero();
    assertThat(CommandRun.of(elsewhere, "ps", "--socket", socket.toString()).exitCode()).isZero();
  }

  // Failures

  @Test
  void absentSocketIsCodeThreeAndNamesTheRemedy() {
    CommandRun run = CommandRun.of(dir.resolve("none"), "ps");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(run.err()).hasLineCount(1).contains(dir.resolve("none").toString(), "hearthd");
  }

  @Test
  void socketThatNobodyServesIsCodeThree() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    CommandRun run = CommandRun.of(file, "pods");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(run.err()).hasLineCount(1).contains(file.toString(), "connection refused");
  }

  @Test
  void pathThatIsNoSocketCanBeIsMisuse() throws IOException {
    Path deep = Files.createDirectories(dir.resolve("d".repeat(120))).resolve("s");
    Files.createFile(deep);
    assertThat(CommandRun.of(deep, "pods").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void daemonThatSaysNothingIsCodeThree() {
    daemon.silent = true;
    CommandRun run = run("pods", "--patience", "1");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(run.err()).hasLineCount(1).contains("within 1 s");
  }

  @Test
  void theDaemonsOwnWordsComeThroughWithoutControlCharacters() {
    daemon.failure = Optional.of(Status.INTERNAL.withDescription("disk \u001b[31mfull\nreally"));
    CommandRun run = run("images");
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).isEqualTo("hearth: disk [31mfull really\n");
  }

  @Test
  void daemonThatIsBusyIsAFailureAndNotAnAbsentDaemon() {
    daemon.failure = Optional.of(Status.UNAVAILABLE.withDescription("reading records"));
    CommandRun run = run("ps");
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).isEqualTo("hearth: reading records\n");
  }

  // version, status

  @Test
  void versionTellsBothSides() {
    CommandRun run = run("version");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("hearth     ", "daemon     hearth 1.2.3", "CRI        v1");
    assertThat(json(run("version", "-o", "json")).getAsJsonObject("daemon").get("runtimeVersion"))
        .hasToString("\"1.2.3\"");
  }

  @Test
  void versionTellsItsOwnEvenWithoutADaemon() {
    CommandRun run = CommandRun.of(dir.resolve("none"), "version");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(run.out()).startsWith("hearth     ");
  }

  private void conditions(boolean network) {
    daemon.conditions.add(
        RuntimeCondition.newBuilder().setType("RuntimeReady").setStatus(true).build());
    daemon.conditions.add(
        RuntimeCondition.newBuilder()
            .setType("NetworkReady")
            .setStatus(network)
            .setReason(network ? "" : "NoBridge")
            .setMessage(network ? "" : "hearth0 is down")
            .build());
  }

  @Test
  void statusIsCodeOneWhenANecessaryConditionFails() {
    conditions(false);
    CommandRun run = run("status");
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out()).containsPattern("NetworkReady +no +NoBridge +hearth0 is down");
  }

  @Test
  void statusShowsWhatTheLastStartFound() {
    conditions(true);
    daemon.info =
        InfoResponse.newBuilder()
            .setVersion("1.2.3")
            .setPid(4711)
            .setStartedAtMs(FakeDaemon.NOW.minusSeconds(7200).toEpochMilli())
            .setRoot("/var/lib/hearth")
            .setState("/run/hearth")
            .setRecovery(
                RecoveryReport.newBuilder()
                    .setDurationMs(12)
                    .addAdoptedPods(WEB_POD)
                    .addAdoptedContainers(WEB)
                    .addMarkedExited(
                        MarkedExited.newBuilder()
                            .setContainerId(DB)
                            .setExitCode(42)
                            .setFinishedAt(FakeDaemon.nanos(FakeDaemon.NOW))
                            .setReason("Error"))
                    .addSetAside(
                        SetAside.newBuilder()
                            .setKind("pod")
                            .setId("x")
                            .setReason("torn record")
                            .setPath("/var/lib/hearth/aside/x")))
            .addLeases(
                NetworkLease.newBuilder()
                    .setPodId(WEB_POD)
                    .setNetwork("hearth0")
                    .addAddresses("10.88.0.2"))
            .addPulls(PullUnderWay.newBuilder().setImage("alpine").setReceivedBytes(5_000_000))
            .build();

    CommandRun run = run("status");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains(
            "hearthd 1.2.3, process 4711, up 2h",
            "root /var/lib/hearth, state /run/hearth",
            "1 pods and 1 containers adopted, 1 had exited, 1 set aside, 12 ms",
            "exited: container c200000000000 with 42 at 2026-01-31T09:30:00Z Error",
            "set aside: pod x: torn record; kept in /var/lib/hearth/aside/x")
        .containsPattern("a100000000000 +hearth0 +10.88.0.2")
        .containsPattern("alpine +5.00 MB +\\?");
    assertThat(json(run("status", "-o", "json")).getAsJsonObject("hearth").get("pid"))
        .hasToString("\"4711\"");
  }

  @Test
  void withoutTheAdminServiceStatusAndPullGoByCriAlone() throws Exception {
    Path other = dir.resolve("o");
    try (var plain = new FakeDaemon(other, false)) {
      plain.conditions.addAll(List.of());
      CommandRun status = CommandRun.of(other, "status");
      assertThat(status.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(status.out()).contains("CONDITION").doesNotContain("hearthd");

      CommandRun pull = CommandRun.of(other, "pull", "busybox");
      assertThat(pull.exitCode()).isZero();
      assertThat(pull.out()).isEqualTo("pulled:busybox\n");
    }
  }

  // Lists

  @Test
  void podsAreListedWithAge() {
    assertThat(run("pods").out())
        .containsPattern("POD +NAMESPACE +NAME +STATE +AGE +ATTEMPT")
        .containsPattern("a100000000000 +default +web-0 +ready +5m +0");
    assertThat(run("pods", "-q").out().lines()).containsExactlyInAnyOrder(WEB_POD, DB_POD);
    assertThat(json(run("pods", "-o", "json")).getAsJsonArray("items")).hasSize(2);
  }

  @Test
  void podsAreSelectedByLabel() {
    daemon.pods.add(FakeDaemon.pod("a3", "x", 0).toBuilder().putLabels("app", "x").build());
    assertThat(run("pods", "-q", "-l", "app=x").out()).isEqualTo("a3\n");
  }

  @Test
  void psShowsRunningContainersAndWithAllTheOthersToo() {
    daemon.setState(DB, ContainerState.CONTAINER_EXITED);
    assertThat(run("ps").out())
        .containsPattern("c100000000000 +web +default/web-0 .*running +42s +0")
        .doesNotContain("c2");
    assertThat(run("ps", "-a").out()).containsPattern("c200000000000 +db .*exited");
  }

  @Test
  void psSelectsByPod() {
    assertThat(run("ps", "-q", "--pod", "db-0").out()).isEqualTo(DB + "\n");
    assertThat(run("ps", "--pod", "nope").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
  }

  @Test
  void psNamesTheImageOfAContainerThatWasMadeById() {
    var container = daemon.containers.getFirst().toBuilder();
    container.setImage(ImageSpec.newBuilder().setImage("sha256:" + BUSYBOX));
    container.setImageId("sha256:" + BUSYBOX);
    daemon.containers.set(0, container.build());
    assertThat(run("ps").out()).contains("docker.io/library/busybox:1.36");
  }

  @Test
  void imagesHaveALineForEachTag() {
    daemon.images.add(FakeDaemon.image("dd".repeat(32), 999));
    assertThat(run("images").out())
        .containsPattern("IMAGE +TAG +ID +SIZE")
        .containsPattern("docker.io/library/busybox +1.36 +b100000000000 +4.26 MB")
        .containsPattern("localhost:5000/b +x +b100000000000 +4.26 MB")
        .containsPattern("<none> +<none> +dddddddddddddd? +999 B");
  }

  // pull

  private static PullProgress step(String layer, LayerPhase phase, long received, long total) {
    return PullProgress.newBuilder()
        .setLayer("sha256:" + layer.repeat(32))
        .setPhase(phase)
        .setReceivedBytes(received)
        .setTotalBytes(total)
        .build();
  }

  private void pullOfTwoLayers() {
    daemon.pull.add(step("aa", LayerPhase.LAYER_PRESENT, 0, 0));
    daemon.pull.add(step("bb", LayerPhase.LAYER_DOWNLOADING, 1_000_000, 4_000_000));
    daemon.pull.add(step("bb", LayerPhase.LAYER_UNPACKING, 4_000_000, 4_000_000));
    daemon.pull.add(step("bb", LayerPhase.LAYER_DONE, 4_000_000, 4_000_000));
    daemon.pull.add(PullProgress.newBuilder().setImageId("sha256:" + BUSYBOX).build());
  }

  @Test
  void pullMentionsEachLayerOnceWhereNobodyLooksOn() {
    pullOfTwoLayers();
    CommandRun run = run("pull", "busybox");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).isEqualTo("sha256:" + BUSYBOX + "\n");
    assertThat(run.err())
        .isEqualTo(
            """
            aaaaaaaaaaaaa  already here
            bbbbbbbbbbbbb  done 4.00 MB
            """);
  }

  @Test
  void pullRedrawsItsLinesOnATerminal() {
    pullOfTwoLayers();
    CommandRun run = CommandRun.onTerminal(socket, "pull", "busybox");
    assertThat(run.out()).isEqualTo("sha256:" + BUSYBOX + "\n");
    assertThat(run.err())
        .contains("bbbbbbbbbbbbb  [======                  ] 1.00 MB of 4.00 MB\u001b[K\n")
        .contains("\u001b[2A")
        .endsWith("aaaaaaaaaaaaa  already here\u001b[K\nbbbbbbbbbbbbb  done 4.00 MB\u001b[K\n");
  }

  @Test
  void quietPullPrintsTheIdOnly() {
    pullOfTwoLayers();
    CommandRun run = run("pull", "-q", "busybox");
    assertThat(run.err()).isEmpty();
    assertThat(json(run("pull", "-q", "-o", "json", "busybox")).get("imageId"))
        .hasToString("\"sha256:" + BUSYBOX + "\"");
  }

  @Test
  void pullThatFailsHalfWaySaysWhy() {
    daemon.pull.add(step("bb", LayerPhase.LAYER_DOWNLOADING, 1, 4));
    daemon.failure = Optional.of(Status.INTERNAL.withDescription("layer bb: wrong digest"));
    CommandRun run = run("pull", "busybox");
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).isEqualTo("hearth: layer bb: wrong digest\n");
  }

  @Test
  void pullThatEndsWithoutAnImageIsAFailure() {
    CommandRun run = run("pull", "busybox");
    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("busybox");
  }

  // exec

  @Test
  void execEndsWithTheCommandsCodeAndKeepsItsStreamsApart() {
    var asked = new AtomicReference<List<String>>();
    daemon.exec =
        request -> {
          asked.set(new ArrayList<>(request.getCmdList()));
          return ExecSyncResponse.newBuilder()
              .setStdout(ByteString.copyFromUtf8("out"))
              .setStderr(ByteString.copyFromUtf8("err"))
              .setExitCode(42)
              .build();
        };
    CommandRun run = run("exec", "c1", "ls", "-l", "--socket", "x", "--", "/");
    assertThat(run).isEqualTo(new CommandRun(42, "out", "err"));
    assertThat(asked.get()).containsExactly("ls", "-l", "--socket", "x", "--", "/");

    run("exec", "c1", "--", "ls", "--");
    assertThat(asked.get()).containsExactly("ls", "--");
  }

  @Test
  void execInAnAbsentContainerIsCodeFour() {
    CommandRun run = run("exec", "nope", "true");
    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(run.err()).hasLineCount(1).contains("nope", "hearth ps -a");
  }

  @Test
  void wholeIdIsNotLookedUpFirst() {
    run("exec", WEB, "true");
    assertThat(daemon.listed).isEmpty();
    run("exec", "web", "true");
    assertThat(daemon.listed).hasSize(1);
  }

  @Test
  void anEmptyNameIsNotTheBeginningOfEveryId() {
    daemon.containers.remove(1);
    assertThat(run("exec", "", "true").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
  }

  // inspect

  @Test
  void inspectFindsEachKindByIdPrefixOrName() {
    for (String what : List.of("a1", "web-0", "default/web-0")) {
      assertThat(json(run("inspect", what)).getAsJsonObject("status").get("id").getAsString())
          .as(what)
          .isEqualTo(WEB_POD);
    }
    for (String what : List.of("c1", "web", WEB)) {
      assertThat(json(run("inspect", what)).getAsJsonObject("status").get("id").getAsString())
          .as(what)
          .isEqualTo(WEB);
    }
    for (String what : List.of("b1", "sha256:b1", "busybox:1.36", "localhost:5000/b:x")) {
      assertThat(json(run("inspect", what)).getAsJsonObject("image").get("id").getAsString())
          .as(what)
          .isEqualTo("sha256:" + BUSYBOX);
    }
  }

  @Test
  void inspectShowsVerboseInfoAsJsonAndWhatIsNoneAsText() {
    JsonObject info = json(run("inspect", "web")).getAsJsonObject("info");
    assertThat(info.getAsJsonObject("info").get("pid").getAsInt()).isEqualTo(77);
    assertThat(info.get("odd").getAsString()).isEqualTo("{not json");
  }

  @Test
  void whatIsAmbiguousIsRefusedWithTheCandidates() {
    daemon.containers.add(FakeDaemon.container("c9", DB_POD, "web", 0));
    CommandRun run = run("inspect", "web");
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err())
        .hasLineCount(1)
        .contains("container c100000000000 (web in pod a100000000000)", "container c9 (web");
  }

  @Test
  void typeSettlesAnArgumentThatMeansTwoKinds() {
    daemon.pods.add(FakeDaemon.pod("a4", "web", 0));
    assertThat(run("inspect", "web").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run("inspect", "--type", "pod", "web").exitCode()).isZero();
    assertThat(run("inspect", "--type", "image", "web").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
  }

  // stats, stop, rm

  @Test
  void statsShowsTheLargestMemoryFirstAndTheProcessorsShareBetweenTwoMeasurements() {
    daemon.stats.add(measured(1_000_000_000, stats(WEB, "web", 500_000_000, 1_000_000)));
    daemon.stats.add(
        measured(
            3_000_000_000L,
            stats(WEB, "web", 3_500_000_000L, 1_000_000),
            stats(DB, "db", 7, 2_000_000)));
    assertThat(run("stats", "--seconds", "0").out().lines().map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "CONTAINER NAME CPU MEMORY DISK FILES",
            "c200000000000 db - 2.00 MB - -",
            "c100000000000 web 150.0% 1.00 MB - -");
  }

  private static ListContainerStatsResponse measured(long nanos, ContainerStats.Builder... all) {
    var answer = ListContainerStatsResponse.newBuilder();
    for (ContainerStats.Builder stats : all) {
      stats.getCpuBuilder().setTimestamp(nanos);
      answer.addStats(stats);
    }
    return answer.build();
  }

  private static ContainerStats.Builder stats(
      String id, String name, long cpuNanos, long memoryBytes) {
    return ContainerStats.newBuilder()
        .setAttributes(
            ContainerAttributes.newBuilder()
                .setId(id)
                .setMetadata(ContainerMetadata.newBuilder().setName(name)))
        .setCpu(CpuUsage.newBuilder().setUsageCoreNanoSeconds(uint(cpuNanos)))
        .setMemory(MemoryUsage.newBuilder().setWorkingSetBytes(uint(memoryBytes)));
  }

  private static UInt64Value uint(long value) {
    return UInt64Value.newBuilder().setValue(value).build();
  }

  @Test
  void stopStopsEachPodAndContainerItIsGivenInOrder() {
    CommandRun run = run("stop", "--timeout", "3", "web", "default/db-0");
    assertThat(run).isEqualTo(new CommandRun(ExitCode.OK, WEB + "\n" + DB_POD + "\n", ""));
    assertThat(daemon.changes)
        .containsExactly("StopContainer " + WEB + " 3", "StopPodSandbox " + DB_POD);
  }

  @Test
  void stopDoesNotTakeAnImage() {
    assertThat(run("stop", "busybox:1.36").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(daemon.changes).isEmpty();
  }

  @Test
  void rmLeavesWhatRunsAloneUnlessForced() {
    CommandRun refused = run("rm", "web");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err()).hasLineCount(1).contains("(web in pod", "give -f");
    assertThat(run("rm", "web-0").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(daemon.changes).isEmpty();

    assertThat(run("rm", "-f", "web", "web-0").exitCode()).isZero();
    assertThat(daemon.changes)
        .containsExactly(
            "RemoveContainer " + WEB, "StopPodSandbox " + WEB_POD, "RemovePodSandbox " + WEB_POD);
  }

  @Test
  void rmRemovesAnExitedContainerAndAnImageThatNobodyUses() {
    daemon.setState(WEB, ContainerState.CONTAINER_EXITED);
    assertThat(run("rm", "web", "busybox:1.36").exitCode()).isZero();
    assertThat(daemon.changes)
        .containsExactly("RemoveContainer " + WEB, "RemoveImage sha256:" + BUSYBOX);
  }

  @Test
  void rmLeavesAnImageThatContainersUseAloneUnlessForced() {
    daemon.containers.add(
        FakeDaemon.container("c7", DB_POD, "user", 0).toBuilder()
            .setImageId("sha256:" + BUSYBOX)
            .build());
    CommandRun refused = run("rm", "busybox:1.36");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err()).contains("used by 1 containers");
    assertThat(daemon.changes).isEmpty();
    assertThat(run("rm", "-f", "busybox:1.36").exitCode()).isZero();
  }
}
