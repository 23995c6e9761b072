package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonParser;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.CgroupDriver;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import dev.hearth.proto.cri.v1.RuntimeConfigRequest;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesRequest;
import dev.hearth.proto.cri.v1.UpdatePodSandboxResourcesRequest;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits of containers as these find them in their own control groups. */
@NeedsRoot
class ResourcesE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final boolean UNIFIED = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));

  private static final long MIB = 1 << 20;

  /** The largest count of whole pages, which v1 shows for no limit. */
  private static final String UNLIMITED_V1 = "9223372036854771712";

  private static final String SHOW_V1 =
      "cat cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us memory/memory.limit_in_bytes"
          + " memory/memory.memsw.limit_in_bytes cpuset/cpuset.cpus cpuset/cpuset.mems";

  private static final String SHOW_V2 =
      "cat cpu.weight cpu.max memory.max memory.swap.max cpuset.cpus cpuset.mems";

  private static final String SHOW =
      "cd /sys/fs/cgroup; " + (UNIFIED ? SHOW_V2 : SHOW_V1) + "; cat /proc/1/oom_score_adj";

  private static LinuxContainerResources.Builder limits() {
    return LinuxContainerResources.newBuilder()
        .setCpuShares(512)
        .setCpuQuota(50_000)
        .setCpuPeriod(200_000)
        .setMemoryLimitInBytes(64 * MIB)
        .setMemorySwapLimitInBytes(64 * MIB)
        .setCpusetCpus("0")
        .setCpusetMems("0")
        .setOomScoreAdj(500);
  }

  private static List<String> seen(String id) {
    return shell(id, SHOW);
  }

  private static ContainerConfig sleeper(TestPod pod, LinuxContainerResources limits) {
    return pod.script("sleeper", "exec sleep 1000", linux -> linux.setResources(limits));
  }

  @Test
  void aContainerHasTheLimitsAskedFor() {
    try (TestPod pod = TestPod.of(BED, "limited", linux -> {})) {
      assertThat(seen(pod.start(sleeper(pod, limits().build()))))
          .isEqualTo(
              UNIFIED
                  ? List.of("59", "50000 200000", "67108864", "0", "0", "0", "500")
                  : List.of("512", "50000", "200000", "67108864", "67108864", "0", "0", "500"));
    }
  }

  @Test
  void everyLimitOfARunningContainerCanBeChanged() {
    try (TestPod pod = TestPod.of(BED, "resized", linux -> {})) {
      String id = pod.start(sleeper(pod, limits().build()));
      String both = onlineCpus();
      LinuxContainerResources more =
          LinuxContainerResources.newBuilder()
              .setCpuShares(1024)
              .setCpuQuota(-1)
              .setCpuPeriod(100_000)
              .setMemoryLimitInBytes(128 * MIB)
              .setMemorySwapLimitInBytes(128 * MIB)
              .setCpusetCpus(both)
              .setOomScoreAdj(600)
              .build();
      update(id, more);
      assertThat(seen(id))
          .isEqualTo(
              UNIFIED
                  ? List.of("100", "max 100000", "134217728", "0", both, "0", "600")
                  : List.of("1024", "-1", "100000", "134217728", "134217728", both, "0", "600"));
      LinuxContainerResources told = BED.cri().status(id).getResources().getLinux();
      assertThat(told.getMemoryLimitInBytes()).isEqualTo(128 * MIB);
      assertThat(told.getCpuShares()).isEqualTo(1024);
      assertThat(told.getCpusetMems()).isEqualTo("0");

      // What is not given stays.
      update(id, LinuxContainerResources.newBuilder().setMemoryLimitInBytes(64 * MIB).build());
      assertThat(BED.cri().status(id).getResources().getLinux().getCpuShares()).isEqualTo(1024);
      assertThat(seen(id)).contains("67108864", UNIFIED ? "100" : "1024");
    }
  }

  @Test
  void swapIsLimitedBesideMemory() {
    LinuxContainerResources limits =
        LinuxContainerResources.newBuilder()
            .setMemoryLimitInBytes(64 * MIB)
            .setMemorySwapLimitInBytes(96 * MIB)
            .build();
    String files = UNIFIED ? "memory.max memory.swap.max" : "memory.memsw.limit_in_bytes";
    String folder = UNIFIED ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    try (TestPod pod = TestPod.of(BED, "swap", linux -> {})) {
      String id = pod.start(sleeper(pod, limits));
      assertThat(shell(id, "cd " + folder + "; cat " + files))
          .isEqualTo(
              UNIFIED
                  ? List.of(Long.toString(64 * MIB), Long.toString(32 * MIB))
                  : List.of(Long.toString(96 * MIB)));
      update(id, LinuxContainerResources.newBuilder().setMemorySwapLimitInBytes(-1).build());
      assertThat(shell(id, "cat " + folder + "/" + files.substring(files.lastIndexOf(' ') + 1)))
          .isEqualTo(List.of(UNIFIED ? "max" : UNLIMITED_V1));
    }
  }

  private static List<String> shell(String id, String script) {
    return BED.cri().exec(id, "sh", "-c", script).getStdout().toStringUtf8().lines().toList();
  }

  private static String onlineCpus() {
    int last = Runtime.getRuntime().availableProcessors() - 1;
    return last == 0 ? "0" : "0-" + last;
  }

  private static void update(String id, LinuxContainerResources change) {
    BED.cri()
        .runtime()
        .updateContainerResources(
            UpdateContainerResourcesRequest.newBuilder()
                .setContainerId(id)
                .setLinux(change)
                .build());
  }

  @Test
  void limitsThatMakeNoSenseAreRefusedAndLeaveTheOldOnes() {
    try (TestPod pod = TestPod.of(BED, "odd", linux -> {})) {
      String id = pod.start(sleeper(pod, limits().build()));
      List<String> before = seen(id);
      for (LinuxContainerResources odd :
          List.of(
              LinuxContainerResources.newBuilder().setCpusetCpus("4000").build(),
              LinuxContainerResources.newBuilder().setCpusetMems("900").build(),
              LinuxContainerResources.newBuilder()
                  .setMemoryLimitInBytes(96 * MIB)
                  .setMemorySwapLimitInBytes(80 * MIB)
                  .build(),
              LinuxContainerResources.newBuilder().setOomScoreAdj(2000).build())) {
        assertThat(TestPod.refusal(() -> update(id, odd)).getCode())
            .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(seen(id)).isEqualTo(before);
      }
    }
  }

  @Test
  void unifiedSettingsAreSetOnV2AndRefusedOnV1() {
    LinuxContainerResources high =
        LinuxContainerResources.newBuilder().putUnified("memory.high", "50331648").build();
    try (TestPod pod = TestPod.of(BED, "unified", linux -> {})) {
      ContainerConfig container = sleeper(pod, high);
      if (UNIFIED) {
        String id = pod.start(container);
        assertThat(
                BED.cri().exec(id, "cat", "/sys/fs/cgroup/memory.high").getStdout().toStringUtf8())
            .isEqualTo("50331648\n");
      } else {
        Status status = TestPod.refusal(() -> pod.start(container));
        assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(status.getDescription()).contains("unified settings need cgroup v2");
      }
    }
  }

  @Test
  void aHugepageLimitIsNoHindranceWhereThereAreNone() {
    LinuxContainerResources.Builder limits = LinuxContainerResources.newBuilder();
    limits.addHugepageLimitsBuilder().setPageSize("2MB").setLimit(0);
    limits.addHugepageLimitsBuilder().setPageSize("1GB").setLimit(0);
    try (TestPod pod = TestPod.of(BED, "huge", linux -> {})) {
      assertThat(pod.run(pod.script("huge", "true", l -> l.setResources(limits))).getExitCode())
          .isZero();
    }
  }

  @Test
  void hugepagesAreLimitedWhereTheKernelHasThem() throws IOException {
    Path pool = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
    Path controller =
        Path.of(UNIFIED ? "/sys/fs/cgroup/cgroup.controllers" : "/sys/fs/cgroup/hugetlb");
    assumeThat(pool).exists();
    assumeThat(controller).exists();
    assumeThat(UNIFIED ? Files.readString(controller) : "hugetlb").contains("hugetlb");
    LinuxContainerResources.Builder limits = LinuxContainerResources.newBuilder();
    limits.addHugepageLimitsBuilder().setPageSize("2MB").setLimit(4 * MIB);
    String file =
        UNIFIED
            ? "/sys/fs/cgroup/hugetlb.2MB.max"
            : "/sys/fs/cgroup/hugetlb/hugetlb.2MB.limit_in_bytes";
    try (TestPod pod = TestPod.of(BED, "hugepages", linux -> {})) {
      String id = pod.start(sleeper(pod, limits.build()));
      assertThat(shell(id, "cat " + file)).containsExactly(Long.toString(4 * MIB));
    }
  }

  @Test
  void unifiedSettingsThatAreNoneAreRefused() {
    assumeThat(UNIFIED).isTrue();
    try (TestPod pod = TestPod.of(BED, "odd-unified", linux -> {})) {
      for (String name :
          List.of("memory.no-such-file", "../memory.high", "cgroup.procs", "memory/high", "")) {
        LinuxContainerResources odd =
            LinuxContainerResources.newBuilder().putUnified(name, "0").build();
        assertThat(TestPod.refusal(() -> pod.start(sleeper(pod, odd))).getCode())
            .as(name)
            .isEqualTo(Status.Code.INVALID_ARGUMENT);
      }
    }
  }

  @Test
  void anEndOfAnyProcessForWantOfMemoryIsTold() {
    LinuxContainerResources small =
        LinuxContainerResources.newBuilder().setMemoryLimitInBytes(24 * MIB).build();
    try (TestPod pod = TestPod.of(BED, "oom", linux -> {})) {
      ContainerStatus first =
          pod.run(pod.script("first", "exec tail /dev/zero", l -> l.setResources(small)));
      assertThat(first.getReason()).isEqualTo("OOMKilled");
      assertThat(first.getExitCode()).isEqualTo(137);
      ContainerStatus child =
          pod.run(pod.script("child", "tail /dev/zero; exit 0", l -> l.setResources(small)));
      assertThat(child.getReason()).isEqualTo("OOMKilled");
      assertThat(child.getExitCode()).isZero();
    }
  }

  @Test
  void thePodsFiguresAreRecordedAndTold() {
    LinuxContainerResources some = LinuxContainerResources.newBuilder().setCpuShares(7).build();
    try (TestPod pod = TestPod.of(BED, "whole", linux -> {})) {
      updatePod(pod.id(), some);
      String info =
          BED.cri()
              .runtime()
              .podSandboxStatus(
                  PodSandboxStatusRequest.newBuilder()
                      .setPodSandboxId(pod.id())
                      .setVerbose(true)
                      .build())
              .getInfoOrDefault("info", "{}");
      var told = JsonParser.parseString(info).getAsJsonObject().getAsJsonObject("resources");
      assertThat(told.get("cpu_shares").getAsLong()).isEqualTo(7);
      BED.cri().stopPod(pod.id());
      assertThat(TestPod.refusal(() -> updatePod(pod.id(), some)).getCode())
          .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }
    assertThat(TestPod.refusal(() -> updatePod("0123456789abcdef", some)).getCode())
        .isEqualTo(Status.Code.NOT_FOUND);
  }

  private static void updatePod(String id, LinuxContainerResources resources) {
    BED.cri()
        .runtime()
        .updatePodSandboxResources(
            UpdatePodSandboxResourcesRequest.newBuilder()
                .setPodSandboxId(id)
                .setResources(resources)
                .build());
  }

  @Test
  void theKubeletIsToldTheDriver() {
    assertThat(
            BED.cri()
                .runtime()
                .runtimeConfig(RuntimeConfigRequest.getDefaultInstance())
                .getLinux()
                .getCgroupDriver())
        .isEqualTo(CgroupDriver.CGROUPFS);
  }
}
