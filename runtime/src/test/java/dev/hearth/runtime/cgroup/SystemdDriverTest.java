package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SystemdDriverTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final PodId POD = new PodId("1".repeat(64));
  private static final ContainerId CONTAINER = new ContainerId("2".repeat(64));
  private static final String SCOPE = "hearth-" + CONTAINER + ".scope";
  private static final int SHIM = 500;
  private static final int INIT = 501;

  private final FakeKernel kernel = FakeKernel.v2();
  private final FakeSystemd systemd = new FakeSystemd(kernel);
  private final Cgroups cgroups;
  private final CgroupPath pod;
  private final CgroupPath container;

  SystemdDriverTest() throws Exception {
    cgroups =
        kernel.cgroups(
            Cgroups.Config.of("/hearth", Cgroups.Driver.SYSTEMD),
            Optional.of(new Cgroups.Systemd(systemd, systemd)));
    cgroups.begin();
    pod = cgroups.podPath("/kubepods.slice/kubepods-pod7.slice", POD);
    container = cgroups.containerPath(pod, CONTAINER);
  }

  private static Limits limits(Map<String, String> unified) {
    return Limits.of(
        new Resources(100_000, 50_000, 1024, 1 << 20, 0, 0, "", "", Map.of(), unified, 0));
  }

  /** A container with its shim, as they are once started. */
  private Cgroup run(Limits limits) throws Exception {
    cgroups.makePod(pod);
    try (Seat seat = cgroups.seat(container, limits)) {
      kernel.run(SHIM, container.parent().child("shim").value());
      kernel.run(INIT, container.value());
      return seat.group();
    }
  }

  private void endShim() {
    kernel.processes.values().forEach(pids -> pids.remove(SHIM));
  }

  private List<UnitProperty> weights() {
    return List.of(systemd.property(SCOPE, "CPUWeight"));
  }

  @Test
  void namesScopesAndSlices() throws Exception {
    assertThat(pod)
        .hasToString("/kubepods.slice/kubepods-pod7.slice/kubepods-pod7-" + POD + ".slice");
    assertThat(container).isEqualTo(pod.child(SCOPE).child("container"));
    assertThat(cgroups.podPath("", POD)).hasToString("/hearth.slice/hearth-" + POD + ".slice");
    assertThat(cgroups.pausePath(pod))
        .isEqualTo(pod.child("hearth-pause-" + POD + ".scope").child("container"));
    assertThatThrownBy(() -> cgroups.podPath("/kubepods/pod7", POD))
        .hasMessageContaining("set the kubelet's cgroupDriver to systemd");
  }

  @Test
  void holdsAScopeUntilTheShimIsIn() throws Exception {
    cgroups.makePod(pod);
    Seat seat = cgroups.seat(container, Limits.NONE);
    assertThat(systemd.placeholders()).hasSize(1);
    assertThat(systemd.loaded()).contains(SCOPE, pod.name());
    assertThat(seat.shim().unified().orElseThrow()).endsWithRaw(Path.of("shim"));
    kernel.run(SHIM, container.parent().child("shim").value());
    seat.close();
    seat.close();
    assertThat(systemd.placeholders()).isEmpty();
    assertThat(systemd.loaded()).contains(SCOPE);
  }

  @Test
  void leavesNoScopeOfAStartThatFailed() throws Exception {
    cgroups.makePod(pod);
    cgroups.seat(container, Limits.NONE).close();
    cgroups.at(container).kill();
    cgroups.at(container).remove(SECOND);
    assertThat(systemd.loaded()).doesNotContain(SCOPE);
  }

  @Test
  void limitsTheContainersGroupAndWeighsTheScope() throws Exception {
    Cgroup group = run(limits(Map.of("memory.min", "4096", "io.weight", "default 200")));
    assertThat(kernel.value(Controller.MEMORY, container.value(), "memory.max"))
        .isEqualTo("1048576");
    assertThat(kernel.value(Controller.CPU, container.value(), "cpu.max"))
        .isEqualTo("50000 100000");
    assertThat(weights()).containsExactly(new UnitProperty.Amount("CPUWeight", 100));
    assertThat(systemd.property(SCOPE, "MemoryMin"))
        .isEqualTo(new UnitProperty.Amount("MemoryMin", 4096));
    assertThat(systemd.property(SCOPE, "IOWeight"))
        .isEqualTo(new UnitProperty.Amount("IOWeight", 200));
    assertThat(systemd.property(SCOPE, "Delegate"))
        .isEqualTo(new UnitProperty.Flag("Delegate", true));

    group.update(Limits.of(new Resources(0, 0, 512, 0, 0, 0, "", "", Map.of(), Map.of(), 0)));
    assertThat(weights()).containsExactly(new UnitProperty.Amount("CPUWeight", 59));
    assertThat(kernel.value(Controller.CPU, container.value(), "cpu.weight")).isEqualTo("59");
  }

  @Test
  void changesNothingWhenSystemdCannotBeTold() throws Exception {
    Cgroup group = run(limits(Map.of()));
    systemd.failAt = systemd.calls.size() + 1;
    assertThatThrownBy(() ->
            group.update(
                Limits.of(new Resources(0, 0, 512, 2 << 20, 0, 0, "", "", Map.of(), Map.of(), 0))))
        .hasMessageContaining("injected");
    assertThat(kernel.value(Controller.CPU, container.value(), "cpu.weight")).isEqualTo("100");
    assertThat(kernel.value(Controller.MEMORY, container.value(), "memory.max"))
        .isEqualTo("1048576");
  }

  @Test
  void asksSystemdNothingForLimitsThatItHasNoPartIn() throws Exception {
    Cgroup group = run(limits(Map.of()));
    int before = systemd.calls.size();
    group.update(Limits.of(new Resources(0, 0, 0, 2 << 20, 0, 0, "", "", Map.of(), Map.of(), 0)));
    assertThat(systemd.calls).hasSize(before);
  }

  @Test
  void waitsForTheShimsEndAndRemovesThePod() throws Exception {
    Cgroup group = run(Limits.NONE);
    kernel.meanwhile =
        () -> {
          endShim();
          var _ = systemd.loaded();
        };
    group.kill();
    group.remove(SECOND);
    assertThat(systemd.loaded()).doesNotContain(SCOPE).contains(pod.name());
    cgroups.at(pod).remove(SECOND);
    cgroups.at(pod).remove(SECOND);
    assertThat(systemd.loaded()).doesNotContain(pod.name());
    assertThat(cgroups.at(pod).exists()).isFalse();
  }

  @Test
  void endsAShimThatHangs() throws Exception {
    Cgroup group = run(Limits.NONE);
    group.kill();
    group.remove(SECOND);
    assertThat(kernel.runs(SHIM)).isFalse();
    assertThat(systemd.loaded()).doesNotContain(SCOPE);
  }

  @Test
  void keepsAPodThatStillHasProcesses() throws Exception {
    var _ = run(Limits.NONE);
    assertThatThrownBy(() -> cgroups.at(pod).remove(SECOND)).hasMessageContaining("500");
    assertThat(systemd.loaded()).contains(pod.name(), SCOPE);
  }

  @Test
  void forgetsAScopeThatFailedBefore() throws Exception {
    systemd.fail(SCOPE);
    var _ = run(Limits.NONE);
    assertThat(systemd.loaded()).contains(SCOPE);
  }

  @Test
  void refusesAScopeThatRuns() throws Exception {
    var _ = run(Limits.NONE);
    assertThatThrownBy(() -> cgroups.seat(container, Limits.NONE)).hasMessageContaining("exists");
    assertThat(systemd.placeholders()).isEmpty();
    assertThat(kernel.runs(INIT)).isTrue();
  }

  @Test
  void holdsNothingWhenMakingFails() throws Exception {
    cgroups.makePod(pod);
    for (int n = 1; ; n++) {
      kernel.failAt = kernel.operations + n;
      try (Seat seat = cgroups.seat(container, limits(Map.of()))) {
        assertThat(n).isGreaterThan(5);
        assertThat(seat.group().exists()).isTrue();
        return;
      } catch (CgroupException e) {
        assertThat(e).hasMessageContaining("injected");
      }
      assertThat(systemd.placeholders()).isEmpty();
      assertThat(systemd.loaded()).doesNotContain(SCOPE);
    }
  }
}
