package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatsFilter;
import dev.hearth.proto.cri.v1.ContainerStatsRequest;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.LinuxPodSandboxStats;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxStats;
import dev.hearth.proto.cri.v1.PodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.StreamContainerStatsRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxStatsRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the kubelet's summary is made of. */
@NeedsRoot
class StatsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long MEMORY = 64 << 20;

  private static ContainerStats stats(String id) {
    return BED.cri()
        .runtime()
        .containerStats(ContainerStatsRequest.newBuilder().setContainerId(id).build())
        .getStats();
  }

  private static ContainerConfig busy() {
    ContainerConfig.Builder busy =
        Pods.container("busy", BED.busybox(), "sh", "-c", "while :; do echo x > /x; done")
            .toBuilder()
            .putLabels("tier", "front")
            .putAnnotations("note", "text");
    busy.getLinuxBuilder()
        .setResources(
            LinuxContainerResources.newBuilder()
                .setCpuPeriod(100_000)
                .setCpuQuota(20_000)
                .setMemoryLimitInBytes(MEMORY));
    return busy.build();
  }

  @Test
  void aRunningContainerHasEveryFigure() {
    PodSandboxConfig pod = Pods.pod("busy", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, busy());
    BED.cri().start(id);
    Await.until(
        "a rate of CPU time, which takes two samples",
        LIMIT,
        () -> stats(id).getCpu().getUsageNanoCores().getValue() > 0);

    ContainerStats stats = stats(id);
    assertThat(stats.getAttributes().getMetadata().getName()).isEqualTo("busy");
    assertThat(stats.getAttributes().getLabelsMap()).containsEntry("tier", "front");
    assertThat(stats.getAttributes().getAnnotationsMap()).containsEntry("note", "text");
    assertThat(stats.getCpu().getTimestamp()).isPositive();
    assertThat(stats.getCpu().getUsageCoreNanoSeconds().getValue()).isPositive();
    assertThat(stats.getMemory().getUsageBytes().getValue()).isBetween(1L, MEMORY);
    assertThat(stats.getMemory().getWorkingSetBytes().getValue())
        .isBetween(1L, stats.getMemory().getUsageBytes().getValue());
    assertThat(stats.getMemory().getAvailableBytes().getValue())
        .isEqualTo(MEMORY - stats.getMemory().getWorkingSetBytes().getValue());
    assertThat(stats.getMemory().hasRssBytes()).isTrue();
    assertThat(stats.getMemory().getPageFaults().getValue()).isPositive();
    assertThat(stats.getMemory().hasMajorPageFaults()).isTrue();
    assertThat(stats.getSwap().hasSwapUsageBytes()).isTrue();
    assertThat(stats.getWritableLayer().getInodesUsed().getValue()).isPositive();
    assertThat(Path.of(stats.getWritableLayer().getFsId().getMountpoint()))
        .isEqualTo(BED.home().root());
    boolean pressure = Files.exists(Path.of("/proc/pressure/cpu"));
    assertThat(stats.getCpu().hasPsi()).isEqualTo(pressure);
    assertThat(stats.getMemory().hasPsi()).isEqualTo(pressure);
    assertThat(stats.getIo().hasPsi()).isEqualTo(pressure);
    requirePod(podId);
    BED.cri().removePod(podId);
  }

  private static void requirePod(String podId) {
    PodSandboxStats stats =
        BED.cri()
            .runtime()
            .podSandboxStats(PodSandboxStatsRequest.newBuilder().setPodSandboxId(podId).build())
            .getStats();
    LinuxPodSandboxStats linux = stats.getLinux();
    assertThat(stats.getAttributes().getMetadata().getUid()).isEqualTo("uid-busy");
    assertThat(linux.getContainersCount()).isEqualTo(1);
    assertThat(linux.getCpu().getUsageCoreNanoSeconds().getValue())
        .isGreaterThanOrEqualTo(
            linux.getContainers(0).getCpu().getUsageCoreNanoSeconds().getValue() / 2);
    assertThat(linux.getMemory().getWorkingSetBytes().getValue()).isPositive();
    assertThat(linux.getNetwork().getDefaultInterface().getName()).isEqualTo("eth0");
    assertThat(linux.getNetwork().getDefaultInterface().hasRxBytes()).isTrue();
    assertThat(linux.getProcess().getProcessCount().getValue()).isPositive();
  }

  @Test
  void processesThatWaitForAProcessorArePressure() {
    assumeThat(Path.of("/proc/pressure/cpu")).exists();
    try (TestPod pod = TestPod.of(BED, "crowded", linux -> {})) {
      String spin = "(while :; do :; done) & ".repeat(3) + "wait";
      String id =
          pod.start(
              pod.script(
                  "crowd",
                  spin,
                  linux ->
                      linux.setResources(LinuxContainerResources.newBuilder().setCpusetCpus("0"))));
      Await.until(
          () -> "time that some process waited, not " + stats(id).getCpu().getPsi(),
          LIMIT,
          () -> stats(id).getCpu().getPsi().getSome().getTotal() > 0);
    }
  }

  @Test
  void listsAndStreamsTellOfTheSameRunningContainers() {
    PodSandboxConfig pod = Pods.hostNetworkPod("listed", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, busy());
    String idle =
        BED.cri().create(podId, pod, Pods.container("idle", BED.busybox(), "sleep", "1000"));
    BED.cri().start(id);

    ContainerStatsFilter front =
        ContainerStatsFilter.newBuilder().putLabelSelector("tier", "front").build();
    for (ContainerStatsFilter filter :
        List.of(front, ContainerStatsFilter.newBuilder().setPodSandboxId(podId).build())) {
      List<String> parts = new ArrayList<>();
      BED.cri()
          .runtime()
          .streamContainerStats(StreamContainerStatsRequest.newBuilder().setFilter(filter).build())
          .forEachRemaining(part ->
              part.getContainerStatsList()
                  .forEach(stats -> parts.add(stats.getAttributes().getId())));
      List<ContainerStats> whole =
          BED.cri()
              .runtime()
              .listContainerStats(ListContainerStatsRequest.newBuilder().setFilter(filter).build())
              .getStatsList();
      assertThat(parts).containsExactly(id);
      assertThat(whole.stream().map(stats -> stats.getAttributes().getId())).containsExactly(id);
    }
    assertThatThrownBy(() -> stats(idle)).hasMessageContaining("does not run");
    requirePodLists(podId);
    BED.cri().removePod(podId);
  }

  private static void requirePodLists(String podId) {
    List<String> parts = new ArrayList<>();
    BED.cri()
        .runtime()
        .streamPodSandboxStats(StreamPodSandboxStatsRequest.getDefaultInstance())
        .forEachRemaining(part ->
            part.getPodSandboxStatsList()
                .forEach(stats -> parts.add(stats.getAttributes().getId())));
    assertThat(parts).containsExactly(podId);
    assertThat(
            BED
                .cri()
                .runtime()
                .listPodSandboxStats(ListPodSandboxStatsRequest.getDefaultInstance())
                .getStatsList()
                .stream()
                .map(stats -> stats.getAttributes().getId()))
        .containsExactly(podId);
  }
}
