package dev.hearth.e2e;

import static dev.hearth.e2e.Crictl.at;
import static dev.hearth.e2e.Crictl.number;
import static dev.hearth.e2e.Crictl.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator does with crictl, each command by what can be seen of its effect. */
@NeedsRoot
class CrictlE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Crictl crictl;

  CrictlE2E() throws IOException {
    Optional<Path> program = Crictl.onPath();
    assumeTrue(program.isPresent(), "crictl is not on the PATH; Debian has no package of it");
    crictl =
        new Crictl(
            program.orElseThrow(), BED.home().socket(), BED.folder().resolve("crictl-requests"));
  }

  // Requests

  private PodSandboxConfig pod(String name) {
    return Pods.pod(name, BED.home().logs());
  }

  private String runPod(PodSandboxConfig pod) throws IOException {
    String id = crictl.ok("runp", crictl.file(pod));
    assertThat(id).matches("[0-9a-f]{64}");
    return id;
  }

  private String create(String podId, PodSandboxConfig pod, ContainerConfig container)
      throws IOException {
    String id = crictl.ok("create", "--no-pull", podId, crictl.file(container), crictl.file(pod));
    assertThat(id).matches("[0-9a-f]{64}");
    return id;
  }

  /** A container that is started at once. */
  private String run(String podId, PodSandboxConfig pod, ContainerConfig container)
      throws IOException {
    String id = create(podId, pod, container);
    assertThat(crictl.ok("start", id)).isEqualTo(id);
    return id;
  }

  private ContainerConfig sleeper(String name) {
    return Pods.container(name, BED.busybox(), "sleep", "3600");
  }

  // Observations

  private String state(String containerId) {
    try {
      return text(crictl.json("inspect", containerId), "status/state");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitExit(String containerId) {
    Await.until(
        "container " + containerId + " to exit",
        LIMIT,
        () -> state(containerId).equals("CONTAINER_EXITED"));
  }

  private static @Nullable JsonObject element(JsonElement array, String field, String value) {
    return StreamSupport.stream(array.getAsJsonArray().spliterator(), false)
        .map(JsonElement::getAsJsonObject)
        .filter(element -> element.get(field).getAsString().equals(value))
        .findFirst()
        .orElse(null);
  }

  private static JsonObject only(JsonElement array, String field, String value) {
    JsonObject found = element(array, field, value);
    assertThat(found).as("%s %s in %s", field, value, array).isNotNull();
    return Objects.requireNonNull(found);
  }

  /** The statistics of one object, of which the list must be. */
  private static JsonObject measured(JsonElement array, String id) {
    JsonObject stats = at(array, "0").getAsJsonObject();
    assertThat(text(stats, "attributes/id")).isEqualTo(id);
    return stats;
  }

  private long pid(String containerId) throws IOException {
    return number(crictl.json("inspect", containerId), "info/pid");
  }

  /** A file of the container's memory cgroup, in whichever hierarchy that is. */
  private static String memoryCgroup(long pid, String v1, String v2) throws IOException {
    String legacy = null;
    String unified = null;
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))) {
      String[] parts = line.split(":", 3);
      if (List.of(parts[1].split(",", -1)).contains("memory")) {
        legacy = parts[2];
      } else if (parts[1].isEmpty()) {
        unified = parts[2];
      }
    }
    return legacy != null
        ? Files.readString(Path.of("/sys/fs/cgroup/memory" + legacy, v1)).strip()
        : Files.readString(Path.of("/sys/fs/cgroup" + unified, v2)).strip();
  }

  // The runtime

  @Test
  void versionNamesTheRuntime() throws IOException {
    assertThat(crictl.ok("version"))
        .containsPattern("RuntimeName: +hearth")
        .containsPattern("RuntimeVersion: +[0-9]+\\.[0-9]+\\.[0-9]+")
        .containsPattern("RuntimeApiVersion: +v1");
  }

  @Test
  void infoSaysThatRuntimeAndNetworkAreReady() throws IOException {
    JsonElement conditions = at(crictl.json("info"), "status/conditions");
    assertThat(only(conditions, "type", "RuntimeReady").get("status").getAsBoolean()).isTrue();
    assertThat(only(conditions, "type", "NetworkReady").get("status").getAsBoolean()).isTrue();
  }

  // Images

  @Test
  void pulledImageIsListedAndInspectedUntilItIsRemoved() throws IOException {
    var images = new TestImages(BED.folder().resolve("other-image"));
    String otherImage =
        BED.registry()
            .push(
                "e2e/other:1",
                images.image(
                    Format.OCI,
                    TestImages.running("true"),
                    images.busyboxLayers(Compression.ZSTD)));

    String id = crictl.ok("pull", otherImage).replaceFirst(".*(sha256:[0-9a-f]{64}).*", "$1");
    assertThat(id).startsWith("sha256:");

    JsonObject listed = only(at(crictl.json("images", "-o", "json"), "images"), "id", id);
    assertThat(listed.get("repoTags").getAsJsonArray()).hasToString("[\"" + otherImage + "\"]");
    assertThat(text(listed, "repoDigests/0"))
        .startsWith(BED.registry().host() + "/e2e/other@sha256:");
    assertThat(number(listed, "size")).isPositive();

    JsonObject inspected = crictl.json("inspecti", otherImage);
    assertThat(text(inspected, "status/id")).isEqualTo(id);
    assertThat(text(inspected, "info/imageSpec/config/Cmd/0")).isEqualTo("true");

    crictl.ok("rmi", otherImage);
    assertThat(element(at(crictl.json("images", "-o", "json"), "images"), "id", id)).isNull();
    assertThat(crictl.run("inspecti", otherImage).exitCode()).isNotZero();
    assertThat(element(at(crictl.json("images", "-o", "json"), "images"), "id", imageId()))
        .as("the image of the same content")
        .isNotNull();
  }

  private String imageId() throws IOException {
    return text(crictl.json("inspecti", BED.busybox()), "status/id");
  }

  @Test
  void pullOfAnUnknownImageFailsWithItsName() throws IOException {
    String unknown = BED.registry().host() + "/e2e/absent:1";
    Crictl.Run run = crictl.run("pull", unknown);
    assertThat(run.exitCode()).isNotZero();
    assertThat(run.err()).contains("e2e/absent");
  }

  @Test
  void imageFsInfoTellsWhatImagesTake() throws IOException {
    JsonObject usage =
        at(crictl.json("imagefsinfo", "-o", "json"), "status/imageFilesystems/0").getAsJsonObject();
    assertThat(number(usage, "usedBytes/value")).isPositive();
    assertThat(number(usage, "inodesUsed/value")).isPositive();
    assertThat(Path.of(text(usage, "fsId/mountpoint"))).isDirectory();
  }

  // Streams

  @Test
  void execStreamsOutputAndFailureOverEitherTransport() throws IOException {
    PodSandboxConfig config = pod("streamed");
    String podId = runPod(config);
    String id = run(podId, config, sleeper("main"));
    for (String transport : List.of("spdy", "websocket")) {
      assertThat(crictl.ok("exec", "--transport", transport, id, "echo", "out")).isEqualTo("out");
      Crictl.Run failed =
          crictl.run("exec", "--transport", transport, id, "sh", "-c", "echo err >&2; exit 3");
      assertThat(failed.exitCode()).isNotZero();
      assertThat(failed.err()).contains("err\n", "exit code 3");
      assertThat(crictl.ok("exec", "--transport", transport, "-i", id, "wc", "-c")).isEqualTo("0");
    }
    crictl.ok("rmp", "-f", podId);
  }

  // Pods

  @Test
  void podHasAnAddressWhileItIsReady() throws IOException {
    PodSandboxConfig config = pod("addressed");
    String id = runPod(config);

    JsonObject listed = only(at(crictl.json("pods", "-o", "json"), "items"), "id", id);
    assertThat(text(listed, "state")).isEqualTo("SANDBOX_READY");
    assertThat(text(listed, "metadata/name")).isEqualTo("addressed");
    assertThat(text(listed, "labels/app")).isEqualTo("addressed");
    assertThat(crictl.ok("pods", "-q", "--label", "app=addressed")).isEqualTo(id);

    JsonObject inspected = crictl.json("inspectp", id);
    assertThat(text(inspected, "status/network/ip")).matches("[0-9]+(\\.[0-9]+){3}");
    assertThat(text(inspected, "status/metadata/uid")).isEqualTo("uid-addressed");

    crictl.ok("stopp", id);
    assertThat(text(crictl.json("inspectp", id), "status/state")).isEqualTo("SANDBOX_NOTREADY");

    crictl.ok("rmp", id);
    assertThat(crictl.ok("pods", "-q", "--id", id)).isEmpty();
    assertThat(crictl.run("inspectp", id).exitCode()).isNotZero();
  }

  @Test
  void readyPodIsRemovedByForceOnly() throws IOException {
    PodSandboxConfig config = pod("forced");
    String podId = runPod(config);
    long pid = pid(run(podId, config, sleeper("main")));

    assertThat(crictl.run("rmp", podId).exitCode()).isNotZero();
    crictl.ok("rmp", "--force", podId);

    assertThat(crictl.ok("pods", "-q", "--id", podId)).isEmpty();
    assertThat(ProcessHandle.of(pid)).isEmpty();
  }

  // Containers

  @Test
  void containerGoesFromCreatedToRunningToExitedToNothing() throws IOException {
    PodSandboxConfig config = pod("life");
    String podId = runPod(config);
    String id = create(podId, config, sleeper("main"));
    assertThat(state(id)).isEqualTo("CONTAINER_CREATED");
    assertThat(crictl.ok("ps", "-q", "--id", id)).as("ps shows what runs").isEmpty();
    assertThat(crictl.ok("ps", "-a", "-q", "--id", id)).isEqualTo(id);

    crictl.ok("start", id);
    JsonObject listed = only(at(crictl.json("ps", "-o", "json"), "containers"), "id", id);
    assertThat(text(listed, "state")).isEqualTo("CONTAINER_RUNNING");
    assertThat(text(listed, "podSandboxId")).isEqualTo(podId);
    assertThat(text(listed, "imageId")).isEqualTo(imageId());
    long pid = pid(id);
    assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")))
        .isEqualTo("sleep\u00003600\u0000");

    // sleep, as process 1, does not heed SIGTERM.
    assertThat(crictl.ok("stop", "--timeout", "0", id)).isEqualTo(id);
    JsonObject exited = crictl.json("inspect", id);
    assertThat(text(exited, "status/state")).isEqualTo("CONTAINER_EXITED");
    assertThat(number(exited, "status/exitCode")).isEqualTo(137);
    assertThat(ProcessHandle.of(pid)).isEmpty();

    crictl.ok("rm", id);
    assertThat(crictl.ok("ps", "-a", "-q", "--id", id)).isEmpty();
    assertThat(crictl.run("inspect", id).exitCode()).isNotZero();
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void exitedContainerTellsItsCodeReasonAndTimes() throws IOException {
    PodSandboxConfig config = pod("exits");
    String podId = runPod(config);
    String failed =
        run(podId, config, Pods.container("failed", BED.busybox(), "sh", "-c", "exit 42"));
    String done = run(podId, config, Pods.container("done", BED.busybox(), "true"));
    awaitExit(failed);
    awaitExit(done);

    JsonObject status = crictl.json("inspect", failed);
    assertThat(number(status, "status/exitCode")).isEqualTo(42);
    assertThat(text(status, "status/reason")).isEqualTo("Error");
    OffsetDateTime created = OffsetDateTime.parse(text(status, "status/createdAt"));
    OffsetDateTime started = OffsetDateTime.parse(text(status, "status/startedAt"));
    OffsetDateTime finished = OffsetDateTime.parse(text(status, "status/finishedAt"));
    assertThat(started).isBetween(created, finished);
    assertThat(Duration.between(finished, OffsetDateTime.now(finished.getOffset())))
        .isBetween(Duration.ZERO, Duration.ofMinutes(1));

    assertThat(text(crictl.json("inspect", done), "status/reason")).isEqualTo("Completed");
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void logsHoldBothStreamsAndEndWithTheContainer() throws IOException {
    PodSandboxConfig config = pod("logs");
    String podId = runPod(config);
    String script = "echo one; echo two >&2; echo three; printf four";
    String id = run(podId, config, Pods.container("writer", BED.busybox(), "sh", "-c", script));
    awaitExit(id);

    Crictl.Run logs = crictl.run("logs", id);
    assertThat(logs.out()).startsWith("one\nthree\nfour");
    assertThat(logs.err()).isEqualTo("two\n");
    assertThat(crictl.run("logs", "--follow", id).out()).startsWith("one\nthree\nfour");
    assertThat(crictl.run("logs", "--timestamps", id).out())
        .containsPattern("(?m)^[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]+ one$");
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void execSyncReturnsOutputAndCode() throws IOException {
    PodSandboxConfig config = pod("exec");
    String podId = runPod(config);
    String id = run(podId, config, sleeper("main"));

    assertThat(crictl.ok("exec", "--sync", id, "hostname")).isEqualTo("exec");
    // crictl prints both streams on its standard output, each with a line end of its own.
    assertThat(crictl.ok("exec", "--sync", id, "sh", "-c", "echo out; echo err >&2"))
        .isEqualTo("out\n\nerr");

    Crictl.Run failed = crictl.run("exec", "--sync", id, "sh", "-c", "exit 3");
    assertThat(failed.exitCode()).isNotZero();
    assertThat(failed.err()).contains("exited with 3");
    assertThat(crictl.run("exec", "--sync", id, "/no/such").err()).contains("no such file");
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void statsTellWhatContainerAndPodUse() throws IOException {
    PodSandboxConfig config = pod("stats");
    String podId = runPod(config);
    String id = run(podId, config, sleeper("main"));

    JsonObject stats = measured(at(crictl.json("stats", "-o", "json", id), "stats"), id);
    assertThat(number(stats, "cpu/usageCoreNanoSeconds/value")).isPositive();
    assertThat(number(stats, "memory/workingSetBytes/value")).isPositive();
    assertThat(crictl.ok("stats", id)).contains(id.substring(0, 13));

    JsonObject pod = measured(at(crictl.json("statsp", "-o", "json", podId), "stats"), podId);
    assertThat(number(pod, "linux/memory/workingSetBytes/value")).isPositive();
    assertThat(number(pod, "linux/process/processCount/value")).isPositive();
    assertThat(number(pod, "linux/network/defaultInterface/rxBytes/value")).isNotNegative();
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void updateChangesTheLimitsOfARunningContainer() throws IOException {
    PodSandboxConfig config = pod("update");
    String podId = runPod(config);
    long mebibyte = 1 << 20;
    String id =
        run(
            podId,
            config,
            sleeper("main").toBuilder()
                .setLinux(
                    LinuxContainerConfig.newBuilder()
                        .setResources(
                            LinuxContainerResources.newBuilder()
                                .setMemoryLimitInBytes(64 * mebibyte)))
                .build());
    assertThat(memoryCgroup(pid(id), "memory.limit_in_bytes", "memory.max"))
        .isEqualTo(Long.toString(64 * mebibyte));

    crictl.ok("update", "--memory", Long.toString(96 * mebibyte), id);

    assertThat(memoryCgroup(pid(id), "memory.limit_in_bytes", "memory.max"))
        .isEqualTo(Long.toString(96 * mebibyte));
    assertThat(number(crictl.json("inspect", id), "status/resources/linux/memoryLimitInBytes"))
        .isEqualTo(96 * mebibyte);
    crictl.ok("rmp", "--force", podId);
  }

  @Test
  void whatIsGoneCountsAsStopped() throws IOException {
    String nobody = "f".repeat(64);
    crictl.ok("stop", nobody);
    crictl.ok("stopp", nobody);
  }

  @Test
  void whatIsUnknownIsRefused() throws IOException {
    String nobody = "f".repeat(64);
    for (String command : List.of("inspect", "inspectp", "start", "logs")) {
      Crictl.Run run = crictl.run(command, nobody);
      assertThat(run.exitCode()).as(command).isNotZero();
      assertThat(run.err()).as(command).containsIgnoringCase("not");
    }
  }
}
