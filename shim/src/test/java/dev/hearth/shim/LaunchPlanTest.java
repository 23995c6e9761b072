package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Opens;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LaunchPlanTest {
  private Fd base;

  @BeforeEach
  void open() throws Exception {
    base = Opens.memory("base");
  }

  @AfterEach
  void close() {
    base.close();
  }

  private List<String> purposes(LaunchPlan plan) {
    return plan.compile(base).steps().stream().map(Step::purpose).toList();
  }

  private static LaunchPlan with(ProcessSetup process) {
    LaunchPlan plan = SamplePlans.everything();
    return new LaunchPlan(
        plan.supervision(), plan.stdio(), plan.cgroups(), plan.namespaces(), plan.files(), process);
  }

  @Test
  void aFilterWithoutNoNewPrivilegesComesBeforeTheUserChanges() {
    assertThat(purposes(SamplePlans.everything()))
        .containsSubsequence(
            "close descriptors",
            "limit capabilities",
            "filter system calls",
            "keep capabilities",
            "become user 1000",
            "set capabilities",
            "exec")
        .doesNotContain("set no_new_privs");
  }

  @Test
  void aFilterWithNoNewPrivilegesComesLast() {
    ProcessSetup process = SamplePlans.everything().process();
    assertThat(purposes(with(process.withConfinement(true, process.seccomp()))))
        .containsSubsequence("become user 1000", "set no_new_privs", "filter system calls", "exec")
        .endsWith("filter system calls", "exec");
  }

  @Test
  void theHostsProcIsWrittenBeforeTheUserNamespacesRootIsBecome() {
    assertThat(purposes(SamplePlans.everything()))
        .containsSubsequence(
            "set /proc/self/oom_score_adj to '500'",
            "set /proc/self/attr/apparmor/exec to 'exec hearth-default'",
            "become user 0",
            "set /proc/sys/net/ipv4/ip_forward to '1'",
            "attach the root file system",
            "change to the root file system",
            "become user 1000");
  }

  @Test
  void theCgroupNamespaceIsMadeByTheProcessAndNotByTheClone() {
    assertThat(purposes(SamplePlans.everything()))
        .contains("make namespaces [CGROUP]")
        .noneMatch(
            purpose -> purpose.startsWith("make namespaces") && purpose.contains("CGROUP, "));
  }

  @Test
  void filesAreMadeBeforeTheyAreHidden() {
    assertThat(purposes(SamplePlans.everything()))
        .containsSubsequence(
            "set the propagation of mounts",
            "attach the root file system",
            "mount /proc",
            "mount /data",
            "make folder /folder",
            "make folder /work",
            "make device /dev/null",
            "make link /dev/fd",
            "open a terminal",
            "remount /proc/sys",
            "mask /proc/kcore",
            "change to the root file system",
            "change mount /",
            "change to working directory /work");
  }

  @Test
  void detachedMountsGetNumbersOfTheirOwn() throws Exception {
    try (Fd root = Opens.memory("root");
        Fd data = Opens.memory("data")) {
      LaunchPlan plan = SamplePlans.everything();
      FileTree files =
          FileTree.of(
              RootFileSystem.of(new MountSource.Detached(root)),
              List.of(
                  new ContainerMount(new MountSource.Detached(data), "/data", true, List.of())));
      Plan compiled =
          new LaunchPlan(
                  plan.supervision(),
                  plan.stdio(),
                  plan.cgroups(),
                  plan.namespaces(),
                  files,
                  plan.process())
              .compile(base);
      assertThat(compiled.descriptors()).isEqualTo(Map.of(5, base, 6, root, 7, data));
    }
  }

  @Test
  void theHeaderTellsTheLengthAndTheNumberOfSteps() {
    Plan plan = SamplePlans.everything().compile(base);
    ByteBuffer bytes = plan.encode();
    int length = bytes.remaining();
    assertThat(bytes.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getInt()).isEqualTo(0x4e4c5048);
    assertThat(bytes.getShort()).isEqualTo((short) 1);
    assertThat(bytes.getShort()).isEqualTo((short) 1);
    assertThat(bytes.getInt()).isEqualTo(length);
    assertThat(bytes.getInt()).isEqualTo(plan.steps().size());
    for (Step step : plan.steps()) {
      assertThat(bytes.getShort()).isEqualTo((short) step.type());
      assertThat(bytes.getShort()).isEqualTo((short) step.flags());
      int size = bytes.getInt();
      bytes.position(bytes.position() + size);
    }
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @Test
  void impossibleNamespacesAreRefused() {
    assertThatThrownBy(() ->
            new NamespaceSetup(
                Set.of(Namespace.PID), Map.of(), Optional.empty(), Optional.empty(), Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> NamespaceSetup.creating(Namespace.USER))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> NamespaceSetup.creating(Namespace.PID).joining(Namespace.PID, Path.of("/x")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> PinPlan.of(Map.of(Namespace.NETWORK, Path.of("/x")), SamplePlans.idMaps()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pathsInAContainerAreAbsolute() {
    assertThatThrownBy(() -> new ContainerFolder("etc", 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("not an absolute path in a container: 'etc'");
    assertThatThrownBy(() -> DeviceNode.character("/dev/\0", 0, 1, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPauseIsNoExec() {
    ProcessSetup pause = ProcessSetup.of(new Body.Pause());
    assertThat(purposes(with(pause))).endsWith("pause");
    assertThatThrownBy(() -> ExecPlan.in(SamplePlans.everything(), pause))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
