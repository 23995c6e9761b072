package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CgroupsTest {
  private static final CgroupPath GROUP = new CgroupPath("/hearth/pod/box");
  private static final Duration SECOND = Duration.ofSeconds(1);

  static Stream<FakeKernel> kernels() {
    return Stream.of(FakeKernel.v1(), FakeKernel.hybrid(), FakeKernel.v2());
  }

  private static Limits memory(long memory, long both) {
    return new Limits(0, 0, 0, memory, both, 0, "", "", Map.of(), Map.of(), List.of());
  }

  private static Limits cpu(long period, long quota, long shares) {
    return new Limits(period, quota, shares, 0, 0, 0, "", "", Map.of(), Map.of(), List.of());
  }

  private static Limits unified(Map<String, String> settings) {
    return new Limits(0, 0, 0, 0, 0, 0, "", "", Map.of(), settings, List.of());
  }

  private static void assertFails(Reason reason, String text, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(text);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void makesFindsAndRemovesAGroup(FakeKernel kernel) throws Exception {
    Set<Path> before = Set.copyOf(kernel.folders);
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create(GROUP, Limits.NONE);
    assertThat(group.exists()).isTrue();
    assertThat(cgroups.list(new CgroupPath("/hearth/pod"))).containsExactly(GROUP);
    cgroups.create(GROUP, Limits.NONE);
    group.remove(SECOND);
    group.remove(SECOND);
    assertThat(group.exists()).isFalse();
    cgroups.at(new CgroupPath("/hearth")).remove(SECOND);
    assertThat(kernel.folders).isEqualTo(before);
    assertThat(cgroups.list(new CgroupPath("/hearth"))).isEmpty();
  }

  @Test
  void namesGroupsAfterParentPodAndContainer() throws Exception {
    Cgroups cgroups = FakeKernel.v2().cgroups();
    PodId pod = new PodId("1".repeat(64));
    ContainerId container = new ContainerId("2".repeat(64));
    assertThat(cgroups.podPath("", pod)).hasToString("/hearth/" + pod);
    CgroupPath path = cgroups.podPath("/kubepods/besteffort/pod7", pod);
    assertThat(cgroups.containerPath(path, container))
        .hasToString("/kubepods/besteffort/pod7/" + pod + "/" + container);
  }

  @Test
  void inheritsCpusetsWhereV1LeavesThemEmpty() throws Exception {
    FakeKernel kernel = FakeKernel.v1();
    kernel.makeFolder(kernel.file(Controller.CPUSET, "/kubepods", ""));
    kernel.cgroups().create(new CgroupPath("/kubepods/pod/box"), Limits.NONE);
    assertThat(kernel.value(Controller.CPUSET, "/kubepods", "cpuset.cpus")).isEqualTo("0-1");
    assertThat(kernel.value(Controller.CPUSET, "/kubepods/pod/box", "cpuset.mems")).isEqualTo("0");
  }

  @Test
  void handsControllersDownOnV2() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    kernel.cgroups().create(GROUP, memory(1 << 20, 0).withPids(7));
    assertThat(kernel.value(Controller.MEMORY, "/hearth/pod/box", "memory.max"))
        .isEqualTo("1048576");
    assertThat(kernel.value(Controller.MEMORY, "/hearth/pod/box", "memory.swap.max"))
        .isEqualTo("0");
    assertThat(kernel.value(Controller.PIDS, "/hearth/pod/box", "pids.max")).isEqualTo("7");
    assertThat(kernel.value(Controller.PIDS, "/hearth/pod/box", "cgroup.subtree_control"))
        .isEmpty();
  }

  @Test
  void handsTheControllerOfHugePagesDownOnlyWhereALimitIsAskedFor() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create(GROUP, Limits.NONE);
    assertThat(kernel.value(Controller.HUGETLB, "/", "cgroup.subtree_control"))
        .contains("memory")
        .doesNotContain("hugetlb");
    group.update(
        Limits.of(new Resources(0, 0, 0, 0, 0, 0, "", "", Map.of("2MB", 2L << 20), Map.of(), 0)));
    assertThat(kernel.value(Controller.HUGETLB, "/hearth/pod/box", "hugetlb.2MB.max"))
        .isEqualTo("2097152");
  }

  @Test
  void toleratesAControllerThatCannotBeHadUntilItIsAskedFor() throws Exception {
    FakeKernel kernel = FakeKernel.v2(EnumSet.of(Controller.CPU));
    Cgroups cgroups = kernel.cgroups();
    cgroups.create(GROUP, cpu(0, 0, 1024));
    assertFails(
        Reason.UNSUPPORTED, "no pids.max", () -> cgroups.create(GROUP, Limits.NONE.withPids(5)));
  }

  @Test
  void toleratesAParentThatHoldsProcessesUntilLimitsAreAskedFor() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroups cgroups = kernel.cgroups();
    cgroups.create(new CgroupPath("/busy"), Limits.NONE);
    kernel.run(5, "/busy");
    CgroupPath below = new CgroupPath("/busy/box");
    cgroups.create(below, Limits.NONE);
    assertFails(Reason.UNSUPPORTED, "has no memory.", () -> cgroups.at(below).update(memory(1, 0)));
  }

  @Test
  void writesEveryLimitOnV1() throws Exception {
    FakeKernel kernel = FakeKernel.hybrid();
    Limits limits =
        new Limits(
            50_000,
            25_000,
            512,
            1 << 20,
            2 << 20,
            9,
            "0",
            "0",
            Map.of("2MB", 0L),
            Map.of(),
            List.of(
                new DeviceRule(true, DeviceRule.Kind.CHARACTER, 1, 3, "rwm"),
                new DeviceRule(true, DeviceRule.Kind.BLOCK, DeviceRule.ANY, DeviceRule.ANY, "m")));
    kernel.cgroups().create(GROUP, limits);
    assertThat(kernel.writes)
        .endsWith(
            "cpuset.cpus=0",
            "cpuset.mems=0",
            "cpu.shares=512",
            "cpu.cfs_period_us=50000",
            "cpu.cfs_quota_us=25000",
            "memory.limit_in_bytes=1048576",
            "memory.memsw.limit_in_bytes=2097152",
            "pids.max=9",
            "devices.deny=a",
            "devices.allow=c 1:3 rwm",
            "devices.allow=b *:* m");
    assertThat(kernel.warnings).isEmpty();
  }

  @Test
  void ordersMemoryAndSwapSoThatTheKernelNeverObjects() throws Exception {
    FakeKernel kernel = FakeKernel.v1();
    Cgroup group = kernel.cgroups().create(GROUP, memory(100, 0));
    for (long[] next : new long[][] {{200, 0}, {50, 60}, {500, 600}, {-1, 0}, {70, 70}, {0, 90}}) {
      group.update(memory(next[0], next[1]));
      long both = next[1] == 0 ? next[0] : next[1];
      assertThat(kernel.value(Controller.MEMORY, GROUP.value(), "memory.memsw.limit_in_bytes"))
          .isEqualTo(both < 0 ? "9223372036854771712" : Long.toString(both));
    }
    assertThat(kernel.value(Controller.MEMORY, GROUP.value(), "memory.limit_in_bytes"))
        .isEqualTo("70");
  }

  @Test
  void refusesLessMemoryAndSwapThanMemory() throws Exception {
    for (FakeKernel kernel : kernels().toList()) {
      Cgroups cgroups = kernel.cgroups();
      assertFails(Reason.INVALID, "less than memory", () -> cgroups.create(GROUP, memory(100, 99)));
      assertThat(cgroups.at(GROUP).exists()).isFalse();
    }
  }

  @Test
  void warnsOnceWithoutSwapAccountingAndRefusesSwap() throws Exception {
    for (FakeKernel kernel : List.of(FakeKernel.v1(), FakeKernel.v2())) {
      Cgroups cgroups = kernel.cgroups();
      Cgroup group = cgroups.create(GROUP, Limits.NONE);
      kernel.files.keySet().removeIf(f -> f.endsWith("memory.memsw.limit_in_bytes"));
      kernel.files.keySet().removeIf(f -> f.endsWith("memory.swap.max"));
      group.update(memory(100, 0));
      group.update(memory(200, 200));
      assertThat(kernel.warnings).singleElement().asString().contains("no swap accounting");
      assertFails(Reason.UNSUPPORTED, "swapaccount=1", () -> group.update(memory(200, 300)));
    }
  }

  @Test
  void changesOnlyWhatIsGiven() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroup group = kernel.cgroups().create(GROUP, cpu(50_000, 10_000, 1024));
    group.update(cpu(0, 20_000, 0));
    assertThat(kernel.value(Controller.CPU, GROUP.value(), "cpu.max")).isEqualTo("20000 50000");
    group.update(cpu(80_000, 0, 0));
    assertThat(kernel.value(Controller.CPU, GROUP.value(), "cpu.max")).isEqualTo("20000 80000");
    group.update(cpu(0, -1, 2));
    assertThat(kernel.value(Controller.CPU, GROUP.value(), "cpu.max")).isEqualTo("max 80000");
    assertThat(kernel.value(Controller.CPU, GROUP.value(), "cpu.weight")).isEqualTo("1");
  }

  @Test
  void reclaimsBeforeItShrinksOnV2AndRefusesWhatWouldKill() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroup group = kernel.cgroups().create(GROUP, memory(1000, 0));
    Path usage = kernel.file(Controller.MEMORY, GROUP.value(), "memory.current");
    kernel.files.put(usage, "900");
    kernel.files.put(usage.resolveSibling("test.cache"), "600");
    group.update(memory(400, 0));
    assertThat(kernel.value(Controller.MEMORY, GROUP.value(), "memory.max")).isEqualTo("400");
    kernel.files.put(usage.resolveSibling("test.cache"), "0");
    assertFails(Reason.BUSY, "cannot shrink to 300", () -> group.update(memory(300, 0)));
    assertThat(kernel.value(Controller.MEMORY, GROUP.value(), "memory.max")).isEqualTo("400");
  }

  @Test
  void writesUnifiedSettingsVerbatimAndNothingThatIsNoControllersFile() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroup group = kernel.cgroups().create(GROUP, unified(Map.of("memory.oom.group", "1")));
    assertThat(kernel.value(Controller.MEMORY, GROUP.value(), "memory.oom.group")).isEqualTo("1");
    for (String name : List.of("cgroup.kill", "../x.y", "memory", "memory.max/x", "")) {
      assertFails(Reason.INVALID, "unified", () -> group.update(unified(Map.of(name, "1"))));
    }
    assertFails(
        Reason.UNSUPPORTED, "misc.max", () -> group.update(unified(Map.of("misc.max", "1"))));
    assertFails(
        Reason.UNSUPPORTED,
        "cgroup v2",
        () -> FakeKernel.v1().cgroups().create(GROUP, unified(Map.of("memory.max", "1"))));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void saysThatAGroupIsGone(FakeKernel kernel) throws Exception {
    Cgroup group = kernel.cgroups().at(GROUP);
    assertFails(Reason.ABSENT, "does not exist", () -> group.update(memory(1, 1)));
    assertFails(Reason.ABSENT, "does not exist", group::statistics);
    assertFails(Reason.ABSENT, "does not exist", group::oomKills);
    assertThat(group.pids()).isEmpty();
    group.kill();
    group.thaw();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void killsEverythingBelow(FakeKernel kernel) throws Exception {
    Cgroups cgroups = kernel.cgroups();
    cgroups.create(GROUP, Limits.NONE);
    cgroups.create(GROUP.child("inner"), Limits.NONE);
    cgroups.create(new CgroupPath("/hearth/pod/boxer"), Limits.NONE);
    kernel.run(10, GROUP.value());
    kernel.run(11, GROUP + "/inner");
    kernel.run(12, "/hearth/pod/boxer");
    Cgroup group = cgroups.at(GROUP);
    assertThat(group.pids()).containsExactly(10, 11);
    group.kill();
    assertThat(kernel.runs(10) || kernel.runs(11)).isFalse();
    assertThat(kernel.runs(12)).isTrue();
    group.remove(SECOND);
  }

  @Test
  void killsWhatEscapedTheV2Tree() throws Exception {
    FakeKernel kernel = FakeKernel.hybrid();
    Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
    kernel.run(10, GROUP.value());
    for (Hierarchy h : kernel.layout().v1()) {
      kernel.runIn(h, 11, GROUP.value());
    }
    group.kill();
    assertThat(kernel.runs(10) || kernel.runs(11)).isFalse();
    assertThat(group.isFrozen()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void freezesAndThaws(FakeKernel kernel) throws Exception {
    Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
    group.freeze(SECOND);
    assertThat(group.isFrozen()).isTrue();
    group.thaw();
    assertThat(group.isFrozen()).isFalse();
  }

  @Test
  void givesUpFreezingAndLetsAllRunOn() throws Exception {
    FakeKernel kernel = FakeKernel.v1();
    Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
    CgroupFiles reluctant =
        new Delegating(kernel) {
          @Override
          public void write(Path file, String value) throws CgroupException {
            kernel.write(file, value.equals("FROZEN") ? "FREEZING" : value);
          }
        };
    Freezer freezer = new Freezer(reluctant, kernel.layout(), kernel);
    assertFails(
        Reason.TIMED_OUT, "did not stop within 1000 ms", () -> freezer.freeze(GROUP, SECOND));
    assertThat(group.isFrozen()).isFalse();
    assertThat(kernel.value(Controller.FREEZER, GROUP.value(), "freezer.state"))
        .isEqualTo("THAWED");
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void waitsForTheDyingAndNamesTheLiving(FakeKernel kernel) throws Exception {
    Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
    kernel.run(10, GROUP.value());
    assertFails(Reason.BUSY, "still holds process 10", () -> group.remove(SECOND));
    kernel.pausesUntilDeath = 3;
    group.remove(SECOND);
    assertThat(group.exists()).isFalse();
  }

  @Test
  void tellsHowToJoin() throws Exception {
    FakeKernel kernel = FakeKernel.hybrid();
    Join join = kernel.cgroups().create(GROUP, Limits.NONE).join();
    assertThat(join.tasks()).hasSize(7).allMatch(p -> p.endsWith("hearth/pod/box/tasks"));
    assertThat(join.unified()).hasToString("Optional[/sys/fs/cgroup/unified/hearth/pod/box]");
    Join v2 = FakeKernel.v2().cgroups().at(GROUP).join();
    assertThat(v2.tasks()).isEmpty();
    assertThat(v2.unifiedProcs().orElseThrow())
        .hasToString("/sys/fs/cgroup/hearth/pod/box/cgroup.procs");
  }

  @Test
  void keepsShimsOutOfTheDaemonsGroupsWhereItMatters() throws Exception {
    FakeKernel kernel = FakeKernel.hybrid();
    Cgroups cgroups = kernel.cgroups();
    cgroups.begin();
    Join join = cgroups.seat(GROUP, Limits.NONE).shim();
    assertThat(join.tasks())
        .extracting(p -> p.getName(3).toString())
        .containsExactlyInAnyOrder("cpu", "cpuacct", "memory", "pids", "freezer");
    assertThat(join.unified()).isPresent();
    assertThat(join.tasks()).allMatch(file -> kernel.exists(file));
  }

  @Test
  void tellsWhereOomKillsAreCounted() throws Exception {
    for (FakeKernel kernel : kernels().toList()) {
      Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
      Path file = group.oomFile().orElseThrow();
      assertThat(group.oomKills()).isZero();
      kernel.files.put(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 3");
      assertThat(group.oomKills()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void readsUsageFromFilesThatStayOpenUntilTheGroupIsRemoved(FakeKernel kernel) throws Exception {
    Cgroups cgroups = kernel.cgroups();
    Cgroup group = cgroups.create(GROUP, Limits.NONE);
    assertThat(group.usage().tasks()).isZero();
    int open = kernel.openFiles;
    assertThat(open).isPositive();
    kernel.files.replaceAll((file, text) -> file.endsWith("pids.current") ? "3" : text);
    assertThat(group.usage().tasks()).isEqualTo(3);
    assertThat(kernel.openFiles).isEqualTo(open);
    cgroups.at(new CgroupPath("/hearth/pod")).remove(SECOND);
    assertThat(kernel.openFiles).isZero();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void closesTheFilesOfAGroupThatSomebodyElseRemoved(FakeKernel kernel) throws Exception {
    Cgroup group = kernel.cgroups().create(GROUP, Limits.NONE);
    assertThat(group.usage().tasks()).isZero();
    for (Hierarchy h : kernel.layout().hierarchies()) {
      assertThat(kernel.removeFolder(h.folder(GROUP))).isTrue();
    }
    assertFails(Reason.ABSENT, "does not exist", group::usage);
    assertThat(kernel.openFiles).isZero();
  }

  @Test
  void readsAllStatisticsAndLeavesNoFileOpen() throws Exception {
    FakeKernel kernel = FakeKernel.hybrid();
    Cgroup group = kernel.cgroups().create(GROUP, memory(1 << 20, 0));
    assertThat(group.statistics().memory().limit()).isEqualTo(1 << 20);
    assertThat(group.usage().memory().limit()).isEqualTo(1 << 20);
    group.remove(SECOND);
    assertThat(kernel.openFiles).isZero();
  }

  @Test
  void keepsFilesOfSoManyGroupsOpenAndNoMore() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroups cgroups = kernel.cgroups();
    Cgroup first = cgroups.create(GROUP, Limits.NONE);
    first.usage();
    int each = kernel.openFiles;
    for (int i = 1; i <= OpenGroups.MAX; i++) {
      cgroups.create(new CgroupPath("/hearth/pod/box" + i), Limits.NONE).usage();
    }
    assertThat(kernel.openFiles).isEqualTo(each * OpenGroups.MAX);
    assertThat(first.usage().tasks()).isZero();
  }
}
