package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.testing.TestBed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** crictl, the debugging tool of every node, where it is installed; Debian does not have it. */
@NeedsRoot
class CrictlE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  @BeforeAll
  static void crictlIsInstalled() {
    assumeTrue(
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "crictl"))),
        "crictl is not installed");
  }

  @Test
  void everyCommandDoesItsWork() throws Exception {
    Path pod = BED.folder().resolve("pod.json");
    Files.writeString(
        pod,
        """
        {"metadata": {"name": "crictl", "namespace": "default", "uid": "u1", "attempt": 0},
         "log_directory": "%s", "linux": {}}
        """
            .formatted(BED.home().logs()));
    Path container = BED.folder().resolve("container.json");
    Files.writeString(
        container,
        """
        {"metadata": {"name": "main"}, "image": {"image": "%s"}, "log_path": "main.log",
         "command": ["sh", "-c", "echo hello; trap 'exit 0' TERM; while :; do sleep 1 & wait; done"],
         "linux": {}}
        """
            .formatted(BED.busybox()));

    assertThat(crictl("info")).contains("RuntimeReady", "NetworkReady");
    crictl("pull", BED.busybox());
    assertThat(crictl("images")).contains("hearth/busybox");
    assertThat(crictl("inspecti", BED.busybox())).contains("hearth/busybox:1");
    String podId = crictl("runp", pod.toString()).strip();
    assertThat(crictl("pods", "-q", "--no-trunc")).contains(podId);
    assertThat(crictl("inspectp", podId)).contains("SANDBOX_READY");
    String id = crictl("create", podId, container.toString(), pod.toString()).strip();
    crictl("start", id);
    assertThat(crictl("ps", "-q", "--no-trunc")).contains(id);
    assertThat(crictl("inspect", id)).contains("CONTAINER_RUNNING");
    assertThat(crictl("exec", "--sync", id, "echo", "from exec")).contains("from exec");
    assertThat(crictl("logs", id)).contains("hello");
    assertThat(crictl("stats", id)).contains("main");
    assertThat(crictl("statsp", podId)).contains("crictl");
    crictl("update", "--memory", "67108864", id);
    assertThat(crictl("imagefsinfo")).contains("usedBytes");
    crictl("stop", id);
    crictl("rm", id);
    crictl("stopp", podId);
    crictl("rmp", podId);
    crictl("rmi", BED.busybox());
    assertThat(crictl("images", "-q")).isBlank();
    crictl("pull", BED.busybox());
  }

  private static String crictl(String... words) throws IOException, InterruptedException {
    String socket = "unix://" + BED.home().socket();
    var command =
        new ArrayList<>(List.of("crictl", "-r", socket, "-i", socket, "--timeout", "30s"));
    command.addAll(List.of(words));
    Path errors = BED.folder().resolve("crictl.errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      String said = out.readAllAsString();
      assertThat(process.waitFor())
          .as(() -> String.join(" ", command) + ": " + said + text(errors))
          .isZero();
      return said;
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
