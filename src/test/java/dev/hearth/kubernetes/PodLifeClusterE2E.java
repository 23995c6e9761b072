package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.testing.Pods;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of the containers of a pod, from its creation to its end. */
@SideBySide
class PodLifeClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String SLEEP = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  @Test
  void aPodOfSeveralContainersIsReadyAndEachHasItsLog() {
    try (KubePod pod =
        cluster()
            .run(
                "several",
                """
                containers:
                - {name: one, image: IMAGE, command: [sh, -c, "echo I am one; %1$s"]}
                - {name: two, image: IMAGE, command: [sh, -c, "echo I am two; %1$s"]}
                - {name: three, image: IMAGE, command: [sh, -c, "echo I am three; %1$s"]}
                """
                    .formatted(SLEEP))) {
      pod.awaitReady();
      for (String name : List.of("one", "two", "three")) {
        pod.awaitLog(name, "I am " + name);
        assertThat(Pods.processes(pod.containerId(name))).isNotEmpty();
        assertThat(pod.container(name).at("restartCount").number()).isZero();
      }
    }
  }

  @Test
  void initContainersRunOneAfterTheOtherBeforeTheOthers() {
    try (KubePod pod =
        cluster()
            .run(
                "inits",
                """
                initContainers:
                - {name: first, image: IMAGE, command: [sh, -c, "sleep 0.5; echo first >>/data/order"], volumeMounts: &m [{name: data, mountPath: /data}]}
                - {name: second, image: IMAGE, command: [sh, -c, "echo second >>/data/order"], volumeMounts: *m}
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "cat /data/order; %s"], volumeMounts: *m}
                volumes: [{name: data, emptyDir: {}}]
                """
                    .formatted(SLEEP))) {
      pod.awaitReady();
      pod.awaitLog("main", "second");
      assertThat(pod.log("main")).isEqualTo("first\nsecond\n");
      assertThat(pod.container("first").at("state.terminated.exitCode").text()).isEqualTo("0");
    }
  }

  @Test
  void aFailingInitContainerIsRepeatedAndHoldsUpTheOthers() {
    try (KubePod pod =
        cluster()
            .run(
                "init-fails",
                """
                initContainers:
                - name: init
                  image: IMAGE
                  command: [sh, -c, "echo x >>/data/tries; [ $(wc -l </data/tries) -ge 2 ]"]
                  volumeMounts: [{name: data, mountPath: /data}]
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "%s"]}
                volumes: [{name: data, emptyDir: {}}]
                """
                    .formatted(SLEEP))) {
      pod.awaitReady();
      assertThat(pod.container("init").at("restartCount").number()).isEqualTo(1);
    }
  }

  @Test
  void sidecarsStartInOrderBeforeTheOthersAndEndAfterThem() {
    String say = "trap 'echo end %1$s >>/data/order; exit 0' TERM; echo start %1$s >>/data/order;";
    String sidecar = say + " touch /tmp/up; while :; do sleep 0.1; done";
    try (KubePod pod =
        cluster()
            .run(
                "sidecars",
                """
                restartPolicy: Never
                initContainers:
                - {name: a, image: IMAGE, restartPolicy: Always, command: [sh, -c, "%s"], volumeMounts: &m [{name: data, mountPath: /data}], startupProbe: &p {exec: {command: [test, -e, /tmp/up]}, periodSeconds: 1}}
                - {name: b, image: IMAGE, restartPolicy: Always, command: [sh, -c, "%s"], volumeMounts: *m, startupProbe: *p}
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "cat /data/order; echo main; sleep 1; echo main >>/data/order"], volumeMounts: *m}
                - {name: last, image: IMAGE, command: [sh, -c, "until grep -q main /data/order; do sleep 0.1; done; sleep 1"], volumeMounts: *m}
                volumes: [{name: data, hostPath: {path: "%s", type: DirectoryOrCreate}}]
                """
                    .formatted(
                        sidecar.formatted("a"),
                        sidecar.formatted("b"),
                        cluster().folder().resolve("sidecars")))) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.log("main")).isEqualTo("start a\nstart b\nmain\n");
      // Sidecars end in the reverse of their order, after the last container.
      assertThat(cluster().folder().resolve("sidecars/order"))
          .hasContent("start a\nstart b\nmain\nend b\nend a");
    }
  }

  @Test
  void aSidecarThatEndsIsStartedAgainWhileTheOthersRun() {
    try (KubePod pod =
        cluster()
            .run(
                "sidecar-ends",
                """
                initContainers:
                - {name: side, image: IMAGE, restartPolicy: Always, command: [sh, -c, "sleep 1; exit 3"]}
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "%s"]}
                """
                    .formatted(SLEEP))) {
      pod.awaitContainer(
          "side", "started again", status -> status.at("restartCount").number() >= 1);
      assertThat(pod.container("side").at("lastState.terminated.exitCode").text()).isEqualTo("3");
      assertThat(pod.container("main").at("restartCount").number()).isZero();
    }
  }

  @Test
  void aPodThatNeverRestartsSucceedsOrFailsWithItsContainer() {
    try (KubePod good = ending("never-good", "Never", 0);
        KubePod bad = ending("never-bad", "Never", 7)) {
      good.awaitPhase("Succeeded");
      bad.awaitPhase("Failed");
      assertThat(good.container("main").at("state.terminated.reason").text())
          .isEqualTo("Completed");
      assertThat(bad.container("main").at("state.terminated.exitCode").text()).isEqualTo("7");
      assertThat(bad.container("main").at("state.terminated.reason").text()).isEqualTo("Error");
      assertThat(bad.container("main").at("restartCount").number()).isZero();
    }
  }

  @Test
  void aPodThatRestartsOnFailureSucceedsOnceItsContainerDoes() {
    try (KubePod good = ending("on-failure-good", "OnFailure", 0);
        KubePod bad = ending("on-failure-bad", "OnFailure", 9)) {
      good.awaitPhase("Succeeded");
      bad.awaitContainer(
          "main", "started again", status -> status.at("restartCount").number() >= 1);
      assertThat(bad.container("main").at("lastState.terminated.exitCode").text()).isEqualTo("9");
    }
  }

  @Test
  void aContainerThatKeepsEndingIsBackedOff() {
    try (KubePod pod = ending("crash-loop", "Always", 4)) {
      pod.awaitContainer(
          "main",
          "backed off",
          status -> status.at("state.waiting.reason").text().equals("CrashLoopBackOff"));
      pod.awaitContainer(
          "main", "started twice more", status -> status.at("restartCount").number() >= 2);
      pod.awaitEvent("BackOff");
      assertThat(pod.container("main").at("lastState.terminated.exitCode").text()).isEqualTo("4");
    }
  }

  private static KubePod ending(String name, String policy, int status) {
    return cluster()
        .run(
            name,
            """
            restartPolicy: %s
            containers:
            - {name: main, image: IMAGE, command: [sh, -c, "exit %d"]}
            """
                .formatted(policy, status));
  }

  @Test
  void hooksRunAfterTheStartAndBeforeTheEnd() {
    try (KubePod pod =
        cluster()
            .run(
                "hooks",
                """
                terminationGracePeriodSeconds: 20
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "trap 'echo term >>/data/order; exit 0' TERM; while :; do sleep 0.1; done"]
                  volumeMounts: [{name: data, mountPath: /data}]
                  lifecycle:
                    postStart: {exec: {command: [sh, -c, "echo started >>/data/order"]}}
                    preStop: {exec: {command: [sh, -c, "echo stopping >>/data/order"]}}
                volumes: [{name: data, hostPath: {path: "%s", type: DirectoryOrCreate}}]
                """
                    .formatted(cluster().folder().resolve("hooks")))) {
      pod.awaitReady();
      pod.delete(20);
      pod.awaitGone();
      assertThat(cluster().folder().resolve("hooks/order")).hasContent("started\nstopping\nterm");
    }
  }

  @Test
  void aPostStartHookThatFailsKillsItsContainer() {
    try (KubePod pod =
        cluster()
            .run(
                "hook-fails",
                """
                restartPolicy: Never
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "%s"]
                  lifecycle: {postStart: {exec: {command: [sh, -c, "echo no; exit 5"]}}}
                """
                    .formatted(SLEEP))) {
      pod.awaitEvent("FailedPostStartHook");
      pod.await(
          "at an end", status -> status.at("status.phase").text().matches("Failed|Succeeded"));
    }
  }

  @Test
  void aPreStopHookThatSleepsIsWaitedFor() throws IOException {
    try (KubePod pod =
        cluster()
            .run(
                "hook-sleeps",
                """
                terminationGracePeriodSeconds: 20
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "trap 'exit 0' TERM; while :; do echo $(cut -d. -f1 /proc/uptime) >/data/last; sleep 0.1; done"]
                  volumeMounts: [{name: data, mountPath: /data}]
                  lifecycle: {preStop: {sleep: {seconds: 2}}}
                volumes: [{name: data, hostPath: {path: "%s", type: DirectoryOrCreate}}]
                """
                    .formatted(cluster().folder().resolve("hook-sleeps")))) {
      pod.awaitReady();
      long asked = uptimeSeconds();
      pod.delete(20);
      pod.awaitGone();
      assertThat(cluster().folder().resolve("hook-sleeps/last"))
          .content()
          .satisfies(
              last -> assertThat(Long.parseLong(last.strip())).isGreaterThanOrEqualTo(asked + 1));
    }
  }

  private static long uptimeSeconds() throws IOException {
    String uptime = Files.readString(Path.of("/proc/uptime"));
    return Long.parseLong(uptime.substring(0, uptime.indexOf('.')));
  }

  @Test
  void aContainerThatIgnoresTheSignalIsKilledAfterItsGrace() {
    try (KubePod pod =
        cluster()
            .run(
                "stubborn",
                """
                terminationGracePeriodSeconds: 2
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "trap '' TERM; while :; do sleep 0.1; done"]}
                """)) {
      pod.awaitReady();
      String id = pod.containerId("main");
      pod.delete(2);
      pod.awaitGone();
      assertThat(Pods.processes(id)).isEmpty();
    }
  }

  @Test
  void theTerminationMessageIsWhatTheContainerWrote() {
    try (KubePod pod =
        cluster()
            .run(
                "message",
                """
                restartPolicy: Never
                containers:
                - {name: file, image: IMAGE, command: [sh, -c, "echo -n from the file >/dev/termination-log"]}
                - {name: elsewhere, image: IMAGE, terminationMessagePath: /tmp/last, command: [sh, -c, "echo -n from elsewhere >/tmp/last"]}
                - {name: log, image: IMAGE, terminationMessagePolicy: FallbackToLogsOnError, command: [sh, -c, "echo from the log; exit 1"]}
                """)) {
      pod.awaitPhase("Failed");
      assertThat(message(pod, "file")).isEqualTo("from the file");
      assertThat(message(pod, "elsewhere")).isEqualTo("from elsewhere");
      assertThat(message(pod, "log")).isEqualTo("from the log\n");
    }
  }

  private static String message(KubePod pod, String container) {
    return pod.container(container).at("state.terminated.message").text();
  }

  @Test
  void containersThatShareTheirProcessNamespaceSeeOneAnother() {
    try (KubePod pod =
        cluster()
            .run(
                "shared-pids",
                """
                shareProcessNamespace: true
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "%1$s"]}
                - {name: other, image: IMAGE, command: [sh, -c, "sleep 1; ps; %1$s"]}
                """
                    .formatted(SLEEP))) {
      pod.awaitReady();
      pod.awaitLog("other", "ps");
      assertThat(
              pod.log("other")
                  .lines()
                  .filter(line -> line.contains("while :") && !line.contains("{")))
          .as("the shells of both")
          .hasSize(2);
    }
  }

  @Test
  void anActiveDeadlineEndsThePod() {
    try (KubePod pod =
        cluster()
            .run(
                "deadline",
                """
                activeDeadlineSeconds: 2
                terminationGracePeriodSeconds: 1
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "%s"]}
                """
                    .formatted(SLEEP))) {
      pod.awaitPhase("Failed");
      assertThat(pod.get().at("status.reason").text()).isEqualTo("DeadlineExceeded");
    }
  }

  @Test
  void aCommandThatIsNotThereIsSaidSo() {
    try (KubePod pod =
        cluster()
            .run(
                "no-command",
                """
                restartPolicy: Never
                containers:
                - {name: main, image: IMAGE, command: [/no/such/program]}
                """)) {
      pod.awaitPhase("Failed");
      assertThat(pod.container("main").at("state.terminated.message").text())
          .contains("/no/such/program");
    }
  }
}
