package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What pods may use, and what becomes of those that use more. */
@SideBySide
class ResourcesClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  private static KubePod run(String name, String resources) {
    return cluster()
        .run(
            name,
            """
            containers:
            - name: main
              image: IMAGE
              command: [sh, -c, "%s"]
              resources: {%s}
            """
                .formatted(STAY, resources));
  }

  private static long pid(KubePod pod) {
    return Pods.pid(cluster().daemon().cri(), pod.containerId("main"));
  }

  private static String score(KubePod pod) throws IOException {
    return Files.readString(Pods.processFolder(pid(pod)).resolve("oom_score_adj")).strip();
  }

  /** A file of a controller in the container's cgroup, of v1 or else of v2. */
  private static String limit(KubePod pod, String controller, String v1, String v2) {
    try {
      for (String line : Files.readAllLines(Pods.processFolder(pid(pod)).resolve("cgroup"))) {
        String[] parts = line.split(":", 3);
        if ((',' + parts[1] + ',').contains(',' + controller + ',')) {
          return Files.readString(Path.of("/sys/fs/cgroup", controller, parts[2], v1)).strip();
        }
      }
      String unified = Files.readAllLines(Pods.processFolder(pid(pod)).resolve("cgroup")).getLast();
      return Files.readString(Path.of("/sys/fs/cgroup", unified.substring(3), v2)).strip();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String memory(KubePod pod) {
    return limit(pod, "memory", "memory.limit_in_bytes", "memory.max");
  }

  @Test
  void eachQualityOfServiceHasItsLimitsAndItsScore() throws IOException {
    try (KubePod guaranteed = run("qos-guaranteed", "limits: {cpu: 200m, memory: 64Mi}");
        KubePod burstable =
            run("qos-burstable", "requests: {cpu: 100m, memory: 16Mi}, limits: {memory: 48Mi}");
        KubePod best = run("qos-best", "")) {
      guaranteed.awaitReady();
      burstable.awaitReady();
      best.awaitReady();
      assertThat(guaranteed.get().at("status.qosClass").text()).isEqualTo("Guaranteed");
      assertThat(burstable.get().at("status.qosClass").text()).isEqualTo("Burstable");
      assertThat(best.get().at("status.qosClass").text()).isEqualTo("BestEffort");
      assertThat(score(best)).isEqualTo("1000");
      assertThat(Integer.parseInt(score(burstable))).isBetween(2, 999);
      assertThat(Integer.parseInt(score(guaranteed))).isLessThanOrEqualTo(0);
      assertThat(memory(guaranteed)).isEqualTo(Long.toString(64L << 20));
      assertThat(memory(burstable)).isEqualTo(Long.toString(48L << 20));
      assertThat(limit(guaranteed, "cpu", "cpu.cfs_quota_us", "cpu.max")).startsWith("20000");
    }
  }

  @Test
  void aContainerThatOutgrowsItsMemoryIsKilledAndSaysWhy() {
    try (KubePod pod =
        cluster()
            .run(
                "oom",
                """
                restartPolicy: Never
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "exec dd if=/dev/zero of=/dev/null bs=100M count=1"]
                  resources: {limits: {memory: 16Mi}}
                """)) {
      pod.awaitPhase("Failed");
      assertThat(pod.container("main").at("state.terminated.reason").text()).isEqualTo("OOMKilled");
      assertThat(pod.container("main").at("state.terminated.exitCode").text()).isEqualTo("137");
    }
  }

  @Test
  void aContainerIsResizedWhereItRuns() {
    try (KubePod pod =
        run("resize", "requests: {cpu: 100m, memory: 32Mi}, limits: {cpu: 200m, memory: 32Mi}")) {
      pod.awaitReady();
      long before = pid(pod);
      pod.patch(
          "/resize",
          """
          {"spec": {"containers": [{"name": "main", "resources":
            {"requests": {"cpu": "150m", "memory": "48Mi"}, "limits": {"cpu": "300m", "memory": "48Mi"}}}]}}
          """);
      Cluster.await(
          () -> "the new limit, not " + memory(pod),
          () -> memory(pod).equals(Long.toString(48L << 20)));
      Cluster.await(
          () -> "the new quota",
          () -> limit(pod, "cpu", "cpu.cfs_quota_us", "cpu.max").startsWith("30000"));
      pod.awaitContainer(
          "main",
          "resized in its status",
          status -> status.at("resources.limits.memory").text().equals("48Mi"));
      assertThat(pid(pod)).isEqualTo(before);
      assertThat(pod.container("main").at("restartCount").number()).isZero();
    }
  }

  @Test
  void aContainerThatFillsItsRootBeyondItsLimitIsEvicted() {
    try (KubePod pod =
        cluster()
            .run(
                "evicted-root",
                """
                terminationGracePeriodSeconds: 1
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "dd if=/dev/zero of=/filled bs=1M count=20; %s"]
                  resources: {limits: {ephemeral-storage: 8Mi}}
                """
                    .formatted(STAY))) {
      pod.awaitPhase("Failed");
      assertThat(pod.get().at("status.reason").text()).isEqualTo("Evicted");
      assertThat(pod.get().at("status.message").text()).contains("ephemeral local storage");
    }
  }

  @Test
  void aContainersLogIsRotatedAndStaysReadable() throws IOException {
    try (KubePod pod =
        cluster()
            .run(
                "rotated",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "trap 'exit 0' TERM; i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo line $i of many that fill the log of a container; [ $((i %% 400)) = 0 ] && sleep 1; done; echo the last; %s"]
                """
                    .formatted(STAY))) {
      pod.awaitReady();
      Path logs =
          cluster().folder().resolve("kubelet/logs/default_rotated_%s/main".formatted(pod.uid()));
      Await.until(
          () -> "rotated files in " + logs,
          Cluster.LIMIT,
          Duration.ofMillis(200),
          () -> count(logs) >= 3);
      pod.awaitLog("main", "the last");
    }
  }

  private static long count(Path folder) {
    try (var files = Files.list(folder)) {
      return files.count();
    } catch (IOException e) {
      return 0;
    }
  }
}
