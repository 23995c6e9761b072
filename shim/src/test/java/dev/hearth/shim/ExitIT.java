package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.Namespace;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NeedsRoot
class ExitIT extends ContainerTest {
  private static final long UNLIMITED = 1L << 40;

  private LaunchPlan plan(
      TestCgroup cgroup, Namespace namespace, Optional<Supervision.FileWrite> atExit, String script)
      throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.shell(script));
    Supervision supervision =
        new Supervision(
            plan.supervision().control(),
            plan.supervision().exitRecord(),
            plan.supervision().log(),
            Optional.of(cgroup.oomCounter()),
            atExit,
            Duration.ofMillis(300),
            CgroupJoins.NONE,
            OptionalInt.empty());
    return new LaunchPlan(
        supervision,
        plan.stdio(),
        cgroup.joins(),
        NamespaceSetup.creating(namespace),
        plan.files(),
        plan.process());
  }

  @Test
  void itRunsInItsControlGroups() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan = plan(cgroup, Namespace.PID, Optional.empty(), "sleep 1000");
      StartedContainer started = bench.start(plan);
      assertThat(cgroup.processes()).contains("" + started.process().pid());
      assertThat(cgroup.processes()).doesNotContain("" + started.shimPid());
      Workbench.ExecResult exec =
          bench.exec(plan, Workbench.process(Workbench.program("cat", "/proc/self/cgroup")));
      String ofExec = exec.output();
      assertThat(ofExec)
          .isEqualTo(Files.readString(Path.of("/proc/" + started.process().pid() + "/cgroup")));
      bench.client("c").signalAll(Signals.KILL, Workbench.SOON);
      assertThat(bench.awaitEnd(plan).signal()).isEqualTo(Signals.KILL);
      Workbench.await(() -> cgroup.processes().isEmpty());
    }
  }

  @Test
  void aSignalMayGoToAllOfThem() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan =
          plan(
              cgroup,
              Namespace.PID,
              Optional.empty(),
              "trap : TERM; (trap 'echo child; exit' TERM; echo up; while :; do usleep 1000; done)&"
                  + " while :; do wait; done");
      bench.start(plan);
      Workbench.await(() -> bench.logged("stdout").contains("up\n"));
      bench.client("c").signalAll(Signals.TERM, Workbench.SOON);
      Workbench.await(() -> bench.logged("stdout").contains("child\n"));
      bench.client("c").signal(Signals.KILL, Workbench.SOON);
      bench.awaitEnd(plan);
      Workbench.await(() -> cgroup.processes().isEmpty());
    }
  }

  @Test
  void theOomKillersWorkIsNoticed() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(8 << 20)) {
      LaunchPlan plan =
          plan(
              cgroup,
              Namespace.PID,
              Optional.empty(),
              "x=$(yes | head -c 1000000); while :; do x=$x$x; done");
      ContainerExit exit = bench.run(plan);
      assertThat(exit.signal()).isEqualTo(Signals.KILL);
      assertThat(exit.oomKills()).isPositive();
      assertThat(ExitRecord.read(bench.exitRecord("c")).orElseThrow().exit()).isEqualTo(exit);
    }
  }

  @Test
  void withoutOomKillsNoneAreCounted() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan = plan(cgroup, Namespace.PID, Optional.empty(), "exit 0");
      assertThat(bench.run(plan).oomKills()).isZero();
    }
  }

  @Test
  void whatItLeavesInASharedPidNamespaceMayBeKilled() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan =
          plan(
              cgroup,
              Namespace.IPC, // the host's PID namespace
              Optional.of(new Supervision.FileWrite(cgroup.unified().resolve("cgroup.kill"), "1")),
              "setsid sh -c 'echo left; sleep 1000' & while ! grep -q left /tmp/x; do usleep 1000; "
                  + "cat /proc/*/comm >/dev/null; echo left >/tmp/x; done; sleep 0.1; exit 4");
      StartedContainer started = bench.start(plan);
      assertThat(bench.awaitEnd(plan).code()).isEqualTo(4);
      Workbench.await(() -> cgroup.processes().isEmpty());
      Workbench.await(() -> ProcessIdentity.of(started.shimPid()).isEmpty());
    }
  }

  @Test
  void aGrandchildThatKeepsThePipeDelaysNobody() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan =
          plan(
              cgroup,
              Namespace.IPC,
              Optional.empty(),
              "(trap '' HUP; while :; do echo more; usleep 10000; done) & usleep 50000; exit 6");
      StartedContainer started = bench.start(plan);
      assertThat(bench.awaitEnd(plan).code()).isEqualTo(6);
      Workbench.await(() -> ProcessIdentity.of(started.shimPid()).isEmpty());
      for (String pid : cgroup.processes()) {
        ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      }
      Workbench.await(() -> cgroup.processes().isEmpty());
      assertThat(bench.logged("stdout")).contains("more\n");
    }
  }

  @Test
  void whoAsksLateIsToldAtOnce() throws Exception {
    // The grandchild keeps the shim: the end is known and recorded by then.
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan = plan(cgroup, Namespace.IPC, Optional.empty(), "sleep 0.2 & exit 7");
      bench.start(plan);
      Workbench.await(() -> Files.exists(bench.exitRecord("c")));
      try (ExitWatch watch = bench.client("c").subscribe(Workbench.SOON)) {
        assertThat(watch.await(Workbench.SOON).code()).isEqualTo(7);
        assertThat(bench.client("c").status(Workbench.SOON).exit())
            .hasValueSatisfying(exit -> assertThat(exit.code()).isEqualTo(7));
      } catch (ShimUnreachable e) {
        // It was quick to end.
        assertThat(bench.exitRecord("c")).exists();
      }
      Workbench.await(() -> cgroup.processes().isEmpty());
    }
  }

  @Test
  void aRecordThatCannotBeWrittenIsTriedAgain() throws Exception {
    Path folder = Files.createFile(bench.folder.resolve("later"));
    LaunchPlan plan = bench.plan("c", Workbench.shell("exit 8"));
    LaunchPlan elsewhere =
        new LaunchPlan(
            Supervision.of(bench.control("c"), folder.resolve("exit")),
            plan.stdio(),
            plan.cgroups(),
            plan.namespaces(),
            plan.files(),
            plan.process());
    StartedContainer started = bench.start(elsewhere);
    Workbench.await(() -> ProcessIdentity.of(started.process().pid()).isEmpty());
    assertThat(bench.client("c").status(Workbench.SOON).exit()).isEmpty();
    Files.delete(folder);
    Files.createDirectory(folder);
    Workbench.await(() -> Files.exists(folder.resolve("exit")));
    assertThat(ExitRecord.read(folder.resolve("exit")).orElseThrow().exit().code()).isEqualTo(8);
  }

  @Test
  void aRecordThatNobodyCanWantKeepsNoShim() throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.shell("exit 8"));
    LaunchPlan elsewhere =
        new LaunchPlan(
            Supervision.of(bench.control("c"), bench.folder.resolve("gone/exit")),
            plan.stdio(),
            plan.cgroups(),
            plan.namespaces(),
            plan.files(),
            plan.process());
    StartedContainer started = bench.start(elsewhere);
    Workbench.await(() -> ProcessIdentity.of(started.shimPid()).isEmpty());
  }

  @Test
  void theShimOutlivesOrdinarySignals() throws Exception {
    LaunchPlan plan = bench.sleeper("c");
    StartedContainer started = bench.start(plan);
    for (String signal : List.of("TERM", "HUP", "INT", "PIPE")) {
      assertThat(new ProcessBuilder("kill", "-" + signal, "" + started.shimPid()).start().waitFor())
          .isZero();
    }
    assertThat(bench.client("c").status(Workbench.SOON).process()).isEqualTo(started.process());
  }

  @Test
  void itsCgroupMayBeTheRootOfWhatItSees() throws Exception {
    try (TestCgroup cgroup = new TestCgroup(UNLIMITED)) {
      LaunchPlan plan =
          plan(cgroup, Namespace.PID, Optional.empty(), "grep -E '(^0:|memory)' /proc/self/cgroup");
      LaunchPlan own =
          new LaunchPlan(
              plan.supervision(),
              plan.stdio(),
              plan.cgroups(),
              NamespaceSetup.creating(Namespace.PID, Namespace.CGROUP),
              plan.files(),
              plan.process());
      assertThat(bench.output(own).lines()).allMatch(line -> line.endsWith(":/"));
      assertThat(Set.copyOf(cgroup.processes())).isEmpty();
    }
  }
}
