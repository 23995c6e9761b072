package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What one does with a pod by kubectl. */
@SideBySide
class KubectlClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  private static KubePod run(String name, String command) {
    return cluster()
        .run(
            name,
            """
            containers:
            - {name: main, image: IMAGE, stdin: true, command: [sh, -c, "%s"]}
            """
                .formatted(command))
        .awaitReady();
  }

  /** A kubectl that runs on; closing kills it. */
  private record Running(Process process, BufferedReader out) implements AutoCloseable {
    static Running start(String... arguments) throws IOException {
      var builder = new ProcessBuilder(cluster().kubectlCommand(arguments));
      builder.environment().putAll(cluster().environment());
      Process process = builder.redirectErrorStream(true).start();
      return new Running(process, process.inputReader(StandardCharsets.UTF_8));
    }

    void type(String line) throws IOException {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    }

    /** Reads lines until one contains {@code text}, and returns that. */
    String await(String text) throws IOException {
      var read = new ArrayList<String>();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        read.add(line);
        if (line.contains(text)) {
          return line;
        }
      }
      throw new AssertionError("no " + text + " in " + read);
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Test
  void logsAreFollowedUntilTheContainerEnds() throws IOException {
    try (KubePod pod =
            cluster()
                .run(
                    "ctl-follow",
                    """
                    restartPolicy: Never
                    containers:
                    - {name: main, image: IMAGE, command: [sh, -c, "for i in 1 2 3 4; do echo line $i; sleep 0.7; done; echo end"]}
                    """);
        Running follow = follow(pod)) {
      for (int line = 1; line <= 4; line++) {
        follow.await("line " + line);
      }
      follow.await("end");
      assertThat(follow.out().readLine()).as("the stream ends with the container").isNull();
    }
  }

  private static Running follow(KubePod pod) throws IOException {
    pod.await("started", now -> now.at("status.phase").text().matches("Running|Succeeded"));
    return Running.start("logs", "-f", pod.name());
  }

  @Test
  void logsOfThePreviousContainerAndOfLateAreShown() throws IOException {
    try (KubePod pod =
        cluster()
            .run(
                "ctl-previous",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "if [ -e /v/again ]; then echo second; %s; fi; touch /v/again; echo first; exit 1"]
                  volumeMounts: [{name: v, mountPath: /v}]
                volumes: [{name: v, emptyDir: {}}]
                """
                    .formatted(STAY))) {
      pod.awaitContainer(
          "main", "started again", status -> status.at("restartCount").number() == 1);
      pod.awaitLog("main", "second");
      assertThat(cluster().kubectl("logs", "--previous", pod.name()).orFail()).isEqualTo("first\n");
      assertThat(cluster().kubectl("logs", "--since=1h", "--tail=1", pod.name()).orFail())
          .isEqualTo("second\n");
      Cluster.await(
          () -> "the line to be older than a second",
          () -> pod.log("main", "&sinceSeconds=1").isEmpty());
    }
  }

  @Test
  void aCommandsOutputAndStatusComeBack() throws IOException {
    try (KubePod pod = run("ctl-exec", STAY)) {
      Tool failed = cluster().kubectl("exec", pod.name(), "--", "sh", "-c", "echo out; exit 42");
      assertThat(failed.status()).isEqualTo(42);
      assertThat(failed.output()).contains("out");
      assertThat(cluster().kubectlGiven("typed\n", "exec", "-i", pod.name(), "--", "cat").orFail())
          .isEqualTo("typed\n");
    }
  }

  @Test
  void aCommandHasATerminal() throws IOException {
    try (KubePod pod = run("ctl-tty", STAY)) {
      // script gives kubectl the terminal that it wants to have itself.
      String kubectl =
          String.join(
              " ",
              cluster()
                  .kubectlCommand(
                      "exec",
                      "-it",
                      pod.name(),
                      "--",
                      "sh",
                      "-c",
                      "'tty; until stty size 2>/dev/null | grep .; do sleep 0.1; done; read x; echo got $x'"));
      Tool result =
          Tool.run(
              cluster().environment(),
              "typed\n",
              List.of("script", "-qec", "stty rows 33 cols 77; " + kubectl, "/dev/null"));
      assertThat(result.output()).contains("/dev/pts/0").contains("33 77").contains("got typed");
    }
  }

  @Test
  void attachReachesTheContainersOwnInput() throws IOException {
    try (KubePod pod = run("ctl-attach", "while read x; do echo read $x; done");
        Running attached = Running.start("attach", "-i", pod.name())) {
      Thread typing =
          Thread.ofVirtual()
              .start(() -> {
                // What is typed before the stream stands reaches it later.
                try {
                  attached.type("something");
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      attached.await("read something");
      assertThat(typing.isAlive()).isFalse();
    }
  }

  @Test
  void aPortIsForwarded() throws Exception {
    try (KubePod pod = run("ctl-forward", "httpd -p 8080 -h /srv/www; " + STAY);
        Running forward = Running.start("port-forward", pod.name(), ":8080")) {
      String line = forward.await("Forwarding from 127.0.0.1");
      String port = line.replaceAll(".*127\\.0\\.0\\.1:(\\d+).*", "$1");
      for (int time = 0; time < 3; time++) {
        try (var page = URI.create("http://127.0.0.1:" + port + "/").toURL().openStream()) {
          assertThat(page.readAllBytes()).asString().isEqualTo("hearth\n");
        }
      }
    }
  }

  @Test
  void filesAreCopiedBothWays() throws IOException {
    Path here = Files.createDirectories(cluster().folder().resolve("copy"));
    Files.writeString(here.resolve("in"), "x".repeat(3_000_000));
    try (KubePod pod = run("ctl-cp", STAY)) {
      cluster().kubectl("cp", here.resolve("in").toString(), pod.name() + ":/tmp/in").orFail();
      cluster().kubectl("cp", pod.name() + ":/tmp/in", here.resolve("out").toString()).orFail();
      assertThat(here.resolve("out")).hasSameBinaryContentAs(here.resolve("in"));
    }
  }

  @Test
  void anEphemeralContainerSeesTheProcessesOfItsTarget() throws IOException {
    try (KubePod pod = run("ctl-debug", "exec sleep 1234")) {
      cluster()
          .kubectl(
              "debug",
              pod.name(),
              "--image=" + cluster().image(),
              "--target=main",
              "--container=debugger",
              "--profile=general",
              "--",
              "sh",
              "-c",
              "ps; echo seen")
          .orFail();
      pod.awaitLog("debugger", "seen");
      assertThat(pod.log("debugger")).contains("sleep 1234");
      assertThat(pod.container("main").at("restartCount").number()).isZero();
    }
  }

  @Test
  void aNodeIsDebuggedFromAPod() throws IOException {
    cluster()
        .kubectl(
            "debug",
            "node/" + Kubelet.NODE,
            "--image=" + cluster().image(),
            "--profile=sysadmin",
            "--",
            "sh",
            "-c",
            "test -d /host" + cluster().folder() + " && echo seen")
        .orFail();
    Cluster.await(
        () -> "the debugging pod's log",
        () ->
            cluster().api().get("/api/v1/namespaces/default/pods").at("items").items().stream()
                .map(pod -> pod.at("metadata.name").text())
                .filter(name -> name.startsWith("node-debugger-"))
                .map(name -> new KubePod(cluster(), name))
                .anyMatch(pod ->
                    pod.get().at("status.phase").text().equals("Succeeded")
                        && pod.lines().equals(List.of("seen"))));
  }

  @Test
  void aDeploymentIsRolledOverToAnotherRevision() throws IOException {
    cluster()
        .api()
        .create(
            "/apis/apps/v1/namespaces/default/deployments",
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: ctl-deployment}
            spec:
              replicas: 3
              selector: {matchLabels: {app: ctl-deployment}}
              template:
                metadata: {labels: {app: ctl-deployment}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers: [{name: main, image: %s, command: [sh, -c, "%s"], env: [{name: REVISION, value: "1"}]}]
            """
                .formatted(cluster().image(), STAY));
    cluster().kubectl("rollout", "status", "deployment/ctl-deployment", "--timeout=60s").orFail();
    cluster().kubectl("set", "env", "deployment/ctl-deployment", "REVISION=2").orFail();
    cluster().kubectl("rollout", "status", "deployment/ctl-deployment", "--timeout=60s").orFail();
    assertThat(cluster().kubectl("exec", "deployment/ctl-deployment", "--", "env").orFail())
        .contains("REVISION=2");
    cluster().kubectl("delete", "deployment", "ctl-deployment", "--wait=true").orFail();
    Await.until(
        "its pods to go",
        Cluster.LIMIT,
        () ->
            cluster()
                .api()
                .get("/api/v1/namespaces/default/pods?labelSelector=app%3Dctl-deployment")
                .at("items")
                .items()
                .isEmpty());
  }
}
