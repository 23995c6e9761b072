package dev.hearth.kubernetes;

import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the kubelet says of the use that pods make of the node. */
@Alone
class StatsClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String WORK =
      "trap 'exit 0' TERM; dd if=/dev/zero of=/written bs=1M count=3; wget -qO /dev/null http://127.0.0.1:9/; while :; do usleep 2000; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  private static KubePod run(String name) {
    return cluster()
        .run(
            name,
            """
            containers:
            - {name: main, image: IMAGE, command: [sh, -c, "%s"], resources: {limits: {memory: 64Mi, cpu: 500m}}}
            """
                .formatted(WORK))
        .awaitReady();
  }

  private static void restart(String gates) throws IOException {
    cluster().kubelet().kill();
    cluster().kubelet().startAgain(gates);
    cluster().awaitNode();
  }

  @AfterAll
  static void usual() {
    cluster().removePods();
  }

  private static Doc summary(String pod) {
    return new Doc(Doc.parse(cluster().kubelet().read("/stats/summary")).at("pods").json())
        .items().stream()
            .filter(each -> each.at("podRef.name").text().equals(pod))
            .findFirst()
            .orElse(Doc.parse("null"));
  }

  private static void awaitSummary(String pod, String what, Predicate<Doc> wanted) {
    Cluster.await(() -> what + " in " + summary(pod), () -> wanted.test(summary(pod)));
  }

  private static void awaitMetrics(String path, List<String> starts) {
    Cluster.await(
        () -> starts + " in " + path + ":\n" + cluster().kubelet().read(path),
        () -> {
          List<String> lines = cluster().kubelet().read(path).lines().toList();
          return starts.stream()
              .allMatch(start -> lines.stream().anyMatch(line -> line.matches(start)));
        });
  }

  private static void awaitContainer(String pod) {
    awaitSummary(
        pod,
        "a container's use",
        now ->
            now.at("containers.0.name").text().equals("main")
                && now.at("containers.0.cpu.usageCoreNanoSeconds").number() > 0
                && now.at("containers.0.memory.workingSetBytes").number() > 0
                && now.at("containers.0.rootfs.usedBytes").number() >= 3 << 20
                && now.at("containers.0.logs.usedBytes").exists());
  }

  @Test
  void withTheGateAllComesFromTheRuntime() throws IOException {
    restart("PodAndContainerStatsFromCRI=true");
    try (KubePod pod = run("stats-cri")) {
      awaitContainer(pod.name());
      awaitSummary(
          pod.name(),
          "the pod's network and processes",
          now ->
              now.at("network.name").text().equals("eth0")
                  && now.at("network.rxBytes").exists()
                  && now.at("network.interfaces").items().size() == 1
                  && now.at("process_stats.process_count").number() >= 1
                  && now.at("cpu.usageNanoCores").exists()
                  && now.at("memory.workingSetBytes").number() > 0);
      String labels = "\\{.*container=\"main\".*namespace=\"default\".*pod=\"stats-cri\".*\\}.*";
      awaitMetrics(
          "/metrics/cadvisor",
          List.of(
              "container_cpu_usage_seconds_total" + labels,
              "container_memory_working_set_bytes" + labels,
              "container_fs_usage_bytes" + labels,
              "container_spec_memory_limit_bytes" + labels,
              "container_network_receive_bytes_total\\{.*interface=\"eth0\".*pod=\"stats-cri\".*"));
      awaitResource(pod.name());
    } finally {
      restart("");
    }
  }

  @Test
  void withoutTheGateContainersAreStillMeasured() {
    try (KubePod pod = run("stats-plain")) {
      awaitContainer(pod.name());
      awaitResource(pod.name());
    }
  }

  private static void awaitResource(String pod) {
    awaitMetrics(
        "/metrics/resource",
        List.of(
            "container_cpu_usage_seconds_total\\{container=\"main\".*pod=\"" + pod + "\".*",
            "container_memory_working_set_bytes\\{container=\"main\".*pod=\"" + pod + "\".*",
            "pod_cpu_usage_seconds_total\\{.*pod=\"" + pod + "\".*",
            "pod_memory_working_set_bytes\\{.*pod=\"" + pod + "\".*"));
  }

  @Test
  void theImagesFileSystemIsTheOneHearthKeepsThemOn() throws IOException {
    long size = cluster().imageDiskBytes();
    Cluster.await(
        () -> "a disk of " + size + " bytes: " + runtime(),
        () ->
            runtime().at("imageFs.usedBytes").number() > 0
                && runtime().at("imageFs.capacityBytes").number() == size
                && runtime().at("containerFs.usedBytes").exists());
  }

  private static Doc runtime() {
    return Doc.parse(cluster().kubelet().read("/stats/summary")).at("node.runtime");
  }
}
