package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.CgroupDriver;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatsRequest;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.RuntimeConfigRequest;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesRequest;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The systemd cgroup driver, on a host whose process 1 is systemd. */
@NeedsRoot
@EnabledIf(
    value = "runs",
    disabledReason =
        "needs systemd as process 1, all of cgroup v2 and -Dhearth.cgroup-driver=systemd")
class SystemdE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final long MIB = 1 << 20;

  private static final String PARENT = "/kubepods.slice/kubepods-burstable.slice/";

  static boolean runs() {
    return Files.isDirectory(Path.of("/run/systemd/system"))
        && Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"))
        && System.getProperty("hearth.cgroup-driver", "").equals("systemd");
  }

  /** As the kubelet names it. */
  private static String slice(String pod) {
    return "kubepods-burstable-pod" + pod + ".slice";
  }

  private static TestPod pod(String name) {
    return TestPod.of(BED, name, linux -> linux.setCgroupParent(PARENT + slice(name)));
  }

  private static ContainerConfig sleeper(TestPod pod) {
    LinuxContainerResources limits =
        LinuxContainerResources.newBuilder()
            .setCpuShares(512)
            .setCpuQuota(50_000)
            .setCpuPeriod(100_000)
            .setMemoryLimitInBytes(64 * MIB)
            .setCpusetCpus("0")
            .build();
    return pod.script("sleeper", "exec sleep 1000", linux -> linux.setResources(limits));
  }

  private static String systemctl(String... arguments) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of("systemctl", "--no-pager", "--plain", "--no-legend"),
                Stream.of(arguments))
            .toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      String said = out.readAllAsString();
      assertThat(process.waitFor()).as(said).isZero();
      return said.strip();
    }
  }

  private static String property(String unit, String name) throws Exception {
    return systemctl("show", "--value", "--property", name, unit);
  }

  private static String scope(String container) {
    return "hearth-" + container + ".scope";
  }

  private static String group(long pid) throws IOException {
    String line = Files.readString(Pods.processFolder(pid).resolve("cgroup")).strip();
    return line.substring(line.indexOf("::") + 2);
  }

  private static String limit(String container, String file) throws IOException {
    Path folder = Path.of("/sys/fs/cgroup" + group(Pods.pid(BED.cri(), container)));
    return Files.readString(folder.resolve(file)).strip();
  }

  private static ContainerStats stats(String id) {
    return BED.cri()
        .runtime()
        .containerStats(ContainerStatsRequest.newBuilder().setContainerId(id).build())
        .getStats();
  }

  @Test
  void theKubeletIsToldTheDriver() {
    assertThat(
            BED.cri()
                .runtime()
                .runtimeConfig(RuntimeConfigRequest.getDefaultInstance())
                .getLinux()
                .getCgroupDriver())
        .isEqualTo(CgroupDriver.SYSTEMD);
  }

  @Test
  void aContainerIsAScopeInASliceBelowThePodsAndLeavesNoUnit() throws Exception {
    String id;
    String made;
    try (TestPod pod = pod("placed")) {
      id = pod.id();
      made = pod.start(sleeper(pod));
      String own = "kubepods-burstable-podplaced-" + id + ".slice";
      String group = PARENT + slice("placed") + "/" + own + "/" + scope(made);
      assertThat(group(Pods.pid(BED.cri(), made))).isEqualTo(group + "/container");
      assertThat(property(own, "ActiveState")).isEqualTo("active");
      assertThat(property(scope(made), "ActiveState")).isEqualTo("active");
      assertThat(property(scope(made), "ControlGroup")).isEqualTo(group);
      assertThat(property(scope(made), "Delegate")).isEqualTo("yes");
      // The placeholder has gone and the shim is in.
      assertThat(Files.readAllLines(Path.of("/sys/fs/cgroup" + group, "shim", "cgroup.procs")))
          .hasSize(1);
      assertThat(BED.cri().exec(made, "echo", "hello").getStdout().toStringUtf8())
          .isEqualTo("hello\n");
    }
    assertThat(systemctl("list-units", "--all", "*" + id + "*", "*" + made + "*")).isEmpty();
    assertThat(Path.of("/run/systemd/transient", scope(made))).doesNotExist();
  }

  @Test
  void limitsSurviveAReloadOfSystemdAndTheDaemonsDeath() throws Exception {
    try (TestPod pod = pod("limited")) {
      String id = pod.start(sleeper(pod));
      assertThat(limit(id, "memory.max")).isEqualTo(Long.toString(64 * MIB));
      assertThat(limit(id, "cpu.max")).isEqualTo("50000 100000");
      assertThat(limit(id, "cpuset.cpus")).isEqualTo("0");
      assertThat(property(scope(id), "CPUWeight")).isEqualTo("59");

      BED.cri()
          .runtime()
          .updateContainerResources(
              UpdateContainerResourcesRequest.newBuilder()
                  .setContainerId(id)
                  .setLinux(
                      LinuxContainerResources.newBuilder()
                          .setCpuShares(1024)
                          .setMemoryLimitInBytes(128 * MIB))
                  .build());
      BED.daemon().kill();
      systemctl("daemon-reload");
      BED.daemon().startAgain();
      assertThat(limit(id, "memory.max")).isEqualTo(Long.toString(128 * MIB));
      assertThat(limit(id, "cpu.max")).isEqualTo("50000 100000");
      assertThat(limit(id, "../cpu.weight")).isEqualTo("100");
      assertThat(property(scope(id), "CPUWeight")).isEqualTo("100");
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
      assertThat(BED.cri().exec(id, "echo", "again").getStdout().toStringUtf8())
          .isEqualTo("again\n");
      assertThat(stats(id).getMemory().getWorkingSetBytes().getValue()).isPositive();
    }
  }

  @Test
  void aScopeEndsWithItsContainerWhichTellsThatMemoryRanOut() throws Exception {
    try (TestPod pod = pod("greedy")) {
      LinuxContainerResources little =
          LinuxContainerResources.newBuilder().setMemoryLimitInBytes(16 * MIB).build();
      ContainerStatus end =
          pod.run(pod.script("greedy", "exec tail /dev/zero", linux -> linux.setResources(little)));
      assertThat(end.getReason()).isEqualTo("OOMKilled");
      assertThat(end.getExitCode()).isEqualTo(137);
      assertThat(systemctl("list-units", "--all", scope(end.getId()))).isEmpty();
    }
  }

  @Test
  void thePodsFirstProcessHasAScopeOfItsOwn() throws Exception {
    TestPod shared =
        TestPod.of(
            BED,
            "sharing",
            linux ->
                linux
                    .setCgroupParent(PARENT + slice("sharing"))
                    .getSecurityContextBuilder()
                    .getNamespaceOptionsBuilder()
                    .setPid(NamespaceMode.POD));
    String unit = "hearth-pause-" + shared.id() + ".scope";
    try (shared) {
      assertThat(property(unit, "ActiveState")).isEqualTo("active");
    }
    assertThat(systemctl("list-units", "--all", unit)).isEmpty();
  }

  @Test
  void theBusMayBeRestartedAndSystemdExecutedAnew() throws Exception {
    systemctl("restart", "dbus.service");
    systemctl("daemon-reexec");
    try (TestPod pod = pod("later")) {
      String id = pod.start(sleeper(pod));
      assertThat(property(scope(id), "ActiveState")).isEqualTo("active");
    }
  }

  @Test
  void aParentThatIsNoSliceIsRefused() {
    Status refusal =
        TestPod.refusal(
            () -> TestPod.of(BED, "elsewhere", linux -> linux.setCgroupParent("/kubepods/podx")));
    assertThat(refusal.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refusal.getDescription()).contains("set the kubelet's cgroupDriver to systemd");
  }
}
