package dev.hearth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The shipped command line against the shipped daemon. */
@NeedsRoot
@Timeout(120)
class CommandLineE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private record Run(int exitCode, String out, String err) {}

  private static ProcessBuilder hearth(String... arguments) {
    var command = new ArrayList<String>();
    command.add(HearthDaemon.tree().resolve("bin/hearth").toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("HEARTH_SOCKET", BED.home().socket().toString());
    return builder;
  }

  private static Run run(String... arguments) throws Exception {
    Path out = Files.createTempFile(BED.folder(), "out", "");
    Path err = Files.createTempFile(BED.folder(), "err", "");
    Process process =
        hearth(arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", List.of(arguments)).isTrue();
    return new Run(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  /** Runs a command with this on its standard input. */
  private static Run fed(String input, String... arguments) throws Exception {
    Path in = Files.writeString(Files.createTempFile(BED.folder(), "in", ""), input);
    Path out = Files.createTempFile(BED.folder(), "out", "");
    Path err = Files.createTempFile(BED.folder(), "err", "");
    Process process =
        hearth(arguments)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", List.of(arguments)).isTrue();
    return new Run(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  private static String ok(String... arguments) throws Exception {
    Run run = run(arguments);
    assertThat(run.exitCode()).as("%s: %s", List.of(arguments), run.err()).isZero();
    return run.out();
  }

  private static JsonObject json(String... arguments) throws Exception {
    return JsonParser.parseString(ok(arguments)).getAsJsonObject();
  }

  @Test
  void versionAndStatusTellOfTheDaemon() throws Exception {
    assertThat(ok("version")).containsPattern("daemon +hearth [0-9]");
    assertThat(ok("status"))
        .contains("process " + BED.daemon().pid(), BED.home().root().toString())
        .containsPattern("RuntimeReady +yes")
        .containsPattern("NetworkReady +yes");
    assertThat(json("status", "-o", "json").getAsJsonObject("hearth").get("pid").getAsLong())
        .isEqualTo(BED.daemon().pid());
  }

  @Test
  void pullTellsOfEachLayerAndPrintsTheId() throws Exception {
    var images = new TestImages(BED.folder().resolve("cli-image"));
    // Another configuration, so that it is another image than the one all tests have.
    var image =
        images.image(
            Format.OCI, TestImages.running("true"), images.busyboxLayers(Compression.ZSTD));
    String reference = BED.registry().push("cli/pulled:1", image);

    Run pull = run("pull", reference);

    assertThat(pull.exitCode()).as(pull.err()).isZero();
    assertThat(pull.out()).matches("sha256:[0-9a-f]{64}\n");
    assertThat(pull.err().lines()).hasSize(3).allMatch(line -> line.matches(".*(done|here).*"));
    assertThat(ok("images")).contains("/cli/pulled");
    assertThat(json("inspect", reference).getAsJsonObject("image").get("id").getAsString())
        .isEqualTo(pull.out().strip());
    BED.cri().removeImage(reference);
  }

  @Test
  void containerIsFoundRunInLoggedAndInspectedByName() throws Exception {
    PodSandboxConfig pod = Pods.pod("cli", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig container =
        Pods.container(
            "talker", BED.busybox(), "sh", "-c", "echo out; echo err >&2; exec sleep 3600");
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);

    assertThat(ok("pods")).containsPattern(podId.substring(0, 13) + " +default +cli +ready");
    assertThat(ok("ps")).containsPattern(id.substring(0, 13) + " +talker +default/cli .*running");
    assertThat(run("exec", "talker", "sh", "-c", "echo a; echo b >&2; exit 7"))
        .isEqualTo(new Run(7, "a\n", "b\n"));
    assertThat(run("exec", "nobody", "true").exitCode()).isEqualTo(4);
    assertThat(run("exec", "-t", "talker", "sh", "-c", "test -t 1; echo $?; exit 7"))
        .isEqualTo(new Run(7, "0\r\n", ""));
    assertThat(fed("some input", "exec", "-i", "talker", "sh", "-c", "wc -c; echo b >&2"))
        .isEqualTo(new Run(0, "10\n", "b\n"));
    assertThat(run("exec", "-i", "talker", "no-such-command").exitCode()).isEqualTo(1);
    assertThat(run("logs", "talker")).isEqualTo(new Run(0, "out\n", "err\n"));
    assertThat(json("inspect", "talker").getAsJsonObject("info").getAsJsonObject("info"))
        .satisfies(info -> assertThat(info.get("pid").getAsLong()).isPositive());
    assertThat(ok("stats")).containsPattern(id.substring(0, 13) + " +talker +[0-9.]+% +[0-9.]+ MB");
    assertThat(run("rm", "talker").exitCode()).isEqualTo(1);
    assertThat(ok("stop", "--timeout", "0", "talker")).isEqualTo(id + "\n");
    assertThat(ok("rm", "-f", "talker", "default/cli")).isEqualTo(id + "\n" + podId + "\n");
    assertThat(ok("pods", "-q")).doesNotContain(podId);
  }

  @Test
  void followedLogGoesOnWhileTheDaemonIsReplaced() throws Exception {
    PodSandboxConfig pod = Pods.pod("follow", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String script = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done";
    String id =
        BED.cri().create(podId, pod, Pods.container("counter", BED.busybox(), "sh", "-c", script));
    BED.cri().start(id);
    Process follower = hearth("logs", "-f", "counter").start();
    try (BufferedReader lines = follower.inputReader(UTF_8)) {
      int last = readNumbers(lines, 0, 10);
      BED.daemon().kill();
      last = readNumbers(lines, last, 30);
      BED.daemon().startAgain();
      last = readNumbers(lines, last, 10);

      BED.cri().stop(id, Duration.ZERO);
      String line = lines.readLine();
      while (line != null) {
        assertThat(line).isEqualTo(Integer.toString(++last));
        line = lines.readLine();
      }
      assertThat(follower.waitFor()).isZero();
    } finally {
      follower.destroyForcibly();
    }
    BED.cri().removePod(podId);
  }

  /** Reads that many lines, which count on from {@code last}; returns the last of them. */
  private static int readNumbers(BufferedReader lines, int last, int count) throws IOException {
    for (int number = last + 1; number <= last + count; number++) {
      assertThat(lines.readLine()).isEqualTo(Integer.toString(number));
    }
    return last + count;
  }

  @Test
  void withoutADaemonTheCodeIsThree() throws Exception {
    Run run = run("ps", "--socket", BED.folder().resolve("nothing").toString());
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.err()).hasLineCount(1).startsWith("hearth: no daemon at ");
  }
}
