package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Poller;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On this host's own hierarchies, whatever they are. */
@NeedsRoot
class CgroupsIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final CgroupPath parent =
      new CgroupPath("/hearth-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
  private final BlockingCalls blocking = new BlockingCalls(4);
  private final List<String> warnings = new ArrayList<>();
  private final List<Process> started = new ArrayList<>();
  private Cgroups cgroups;

  @BeforeEach
  void look() throws Exception {
    cgroups =
        Cgroups.detect(
            new Cgroups.Config(parent, Cgroups.Driver.CGROUPFS),
            blocking,
            InstantSource.system(),
            warnings::add);
  }

  @AfterEach
  void cleanUp() throws Exception {
    cgroups.at(parent).kill();
    started.forEach(Process::destroyForcibly);
    cgroups.at(parent).remove(TIMEOUT);
    blocking.close();
  }

  private CgroupPath path(String name) {
    return parent.child("pod").child(name);
  }

  /** A shell that joins the group as a container's process does, and says when it has. */
  private Process run(Cgroup group, String script) throws IOException {
    return run(group.join(), script);
  }

  private Process run(Join how, String script) throws IOException {
    StringBuilder join = new StringBuilder();
    Stream.concat(how.tasks().stream(), how.unifiedProcs().stream())
        .forEach(file -> join.append("echo 0 > '").append(file).append("' || exit 9\n"));
    Process process =
        new ProcessBuilder("sh", "-c", join + "echo joined\n" + script)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.add(process);
    assertThat(process.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("joined");
    return process;
  }

  private static void awaitEnd(Process process) throws InterruptedException {
    assertThat(process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private String value(Controller controller, CgroupPath group, String v1, String v2)
      throws IOException {
    Hierarchy h =
        cgroups.layout().of(controller).or(() -> cgroups.layout().unified()).orElseThrow();
    Path file = h.folder(group).resolve(h.isV2() ? v2 : v1);
    return Files.readString(file).strip();
  }

  @Test
  void makesLimitsAndRemovesAGroup() throws Exception {
    Limits limits =
        new Limits(
            50_000,
            25_000,
            2048,
            64 << 20,
            0,
            50,
            "0",
            "0",
            Map.of("2MB", 0L),
            Map.of(),
            List.of());
    Cgroup group = cgroups.create(path("a"), limits);
    assertThat(value(Controller.MEMORY, path("a"), "memory.limit_in_bytes", "memory.max"))
        .isEqualTo("67108864");
    assertThat(value(Controller.PIDS, path("a"), "pids.max", "pids.max")).isEqualTo("50");
    assertThat(value(Controller.CPU, path("a"), "cpu.shares", "cpu.weight")).isIn("2048", "174");
    assertThat(value(Controller.CPUSET, path("a"), "cpuset.cpus", "cpuset.cpus")).isEqualTo("0");
    assertThat(cgroups.list(parent.child("pod"))).containsExactly(path("a"));
    group.remove(TIMEOUT);
    group.remove(TIMEOUT);
    assertThat(group.exists()).isFalse();
  }

  @Test
  void changesLimitsOfALivingGroupUpAndDown() throws Exception {
    Cgroup group = cgroups.create(path("a"), memory(64 << 20));
    Process process = run(group, "exec sleep 100");
    for (long mib : new long[] {128, 32, 256, 16}) {
      group.update(memory(mib << 20));
      assertThat(value(Controller.MEMORY, path("a"), "memory.limit_in_bytes", "memory.max"))
          .isEqualTo(Long.toString(mib << 20));
    }
    assertThatThrownBy(() -> group.update(memory(4096)))
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY));
    assertThat(process.isAlive()).isTrue();
    assertThatThrownBy(() -> group.update(limitedCpus("99")))
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isIn(Reason.INVALID, Reason.FAILED));
    group.update(memory(-1));
    group.kill();
    awaitEnd(process);
  }

  private static Limits memory(long bytes) {
    return new Limits(0, 0, 0, bytes, 0, 0, "", "", Map.of(), Map.of(), List.of());
  }

  private static Limits limitedCpus(String cpus) {
    return new Limits(0, 0, 0, 0, 0, 0, cpus, "", Map.of(), Map.of(), List.of());
  }

  @Test
  void countsWhatAGroupUses() throws Exception {
    Cgroup group = cgroups.create(path("a"), memory(256 << 20));
    Process process =
        run(
            group,
            "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do x=$x$x; done; sleep 100 & echo x; wait");
    assertThat(process.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("x");
    Statistics statistics = group.statistics();
    assertThat(statistics.cpu().usageNanos()).isPositive();
    assertThat(statistics.memory().usage()).isPositive();
    assertThat(statistics.memory().workingSet()).isPositive();
    assertThat(statistics.memory().rss()).isPositive();
    assertThat(statistics.memory().pageFaults()).isPositive();
    assertThat(statistics.memory().limit()).isEqualTo(256 << 20);
    assertThat(statistics.memory().available()).isBetween(1L, 256L << 20);
    assertThat(statistics.tasks()).isEqualTo(2);
    assertThat(group.pids()).hasSize(2).contains((int) process.pid());
    group.kill();
    awaitEnd(process);
    group.remove(TIMEOUT);
    assertThatThrownBy(group::statistics)
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ABSENT));
  }

  @Test
  void killsAForkBombOfShells() throws Exception {
    Cgroup group = cgroups.create(path("a"), Limits.NONE.withPids(40));
    Process process =
        run(
            group,
            "trap '' TERM; f() { while :; do (sleep 0.01; f) 2>/dev/null & wait; done; }; f & f & wait");
    group.kill();
    awaitEnd(process);
    group.remove(TIMEOUT);
    assertThat(group.exists()).isFalse();
  }

  @Test
  void freezesAndKillsWhatIsFrozen() throws Exception {
    Cgroup group = cgroups.create(path("a"), Limits.NONE);
    Process process = run(group, "while :; do :; done");
    group.freeze(TIMEOUT);
    assertThat(group.isFrozen()).isTrue();
    long before = group.statistics().cpu().usageNanos();
    assertThat(group.statistics().cpu().usageNanos()).isEqualTo(before);
    group.thaw();
    assertThat(group.isFrozen()).isFalse();
    group.freeze(TIMEOUT);
    group.kill();
    awaitEnd(process);
    group.remove(TIMEOUT);
  }

  @Test
  void killsAndFreezesWithoutAV2Tree() throws Exception {
    assumeThat(cgroups.layout().of(Controller.FREEZER)).as("a v1 freezer").isPresent();
    Layout v1 = new Layout(cgroups.layout().v1());
    Cgroups.Seams seams =
        new Cgroups.Seams(
            new LinuxFiles(),
            blocking,
            Ticker.SYSTEM,
            new LinuxPidfds(),
            new LinuxDeviceGate(),
            InstantSource.system(),
            List.of(),
            Optional.empty());
    Cgroups old = new Cgroups(v1, cgroups.config(), seams, warnings::add);
    Cgroup group = old.create(path("a"), Limits.NONE);
    Process process = run(group, "(while :; do :; done) & (sleep 100) & wait");
    group.freeze(TIMEOUT);
    assertThat(group.isFrozen()).isTrue();
    group.kill();
    awaitEnd(process);
    group.remove(TIMEOUT);
    assertThat(group.exists()).isFalse();
  }

  @Test
  void namesTheProcessThatKeepsAGroup() throws Exception {
    Cgroup group = cgroups.create(path("a"), Limits.NONE);
    Process process = run(group, "exec sleep 100");
    assertThatThrownBy(() -> group.remove(Duration.ofMillis(5)))
        .isInstanceOf(CgroupException.class)
        .hasMessageContaining("still holds process " + process.pid());
    assertThat(process.isAlive()).isTrue();
    group.kill();
    group.remove(TIMEOUT);
  }

  @Test
  void countsOomKills() throws Exception {
    Cgroup group = cgroups.create(path("a"), memory(16 << 20));
    assertThat(group.oomKills()).isZero();
    Process process = run(group, "x=a; while :; do x=$x$x; done");
    awaitEnd(process);
    assertThat(group.oomKills()).isPositive();
    assertThat(Files.readString(group.oomFile().orElseThrow())).contains("oom_kill 1");
  }

  @Test
  void restrictsDevices() throws Exception {
    Limits limits =
        Limits.NONE.withDevices(
            List.of(
                new DeviceRule(true, DeviceRule.Kind.CHARACTER, 1, 3, "rwm"),
                new DeviceRule(true, DeviceRule.Kind.CHARACTER, 1, DeviceRule.ANY, "r")));
    Cgroup group = cgroups.create(path("a"), limits);
    Process process =
        run(
            group,
            """
            echo > /dev/null && echo null
            head -c 1 < /dev/zero > /dev/null && echo zero
            (echo > /dev/zero) 2> /dev/null || echo no writing
            (: < /dev/tty) 2> /dev/null || echo no tty
            """);
    assertThat(process.inputReader(StandardCharsets.UTF_8).lines())
        .containsExactly("null", "zero", "no writing", "no tty");
  }

  @Test
  void putsShimsWhereTheDaemonsDeathDoesNotReach() throws Exception {
    cgroups.begin();
    try (Seat seat = cgroups.seat(path("a"), Limits.NONE)) {
      Process process = run(seat.shim(), "exec sleep 100");
      Cgroup shims = cgroups.at(parent.child("shims"));
      assertThat(shims.pids()).containsExactly((int) process.pid());
      shims.kill();
      awaitEnd(process);
    }
  }

  @Test
  void refusesSystemdWhereV1HierarchiesAre() throws Exception {
    assumeThat(cgroups.layout().mode()).isNotEqualTo(Layout.Mode.V2);
    Cgroups.Config config = Cgroups.Config.of("/hearth", Cgroups.Driver.SYSTEMD);
    try (Poller poller = new Poller()) {
      assertThatThrownBy(() ->
              Cgroups.underSystemd(
                  config,
                  new FakeSystemd(FakeKernel.v2()),
                  Path.of("/bin/false"),
                  poller,
                  blocking,
                  InstantSource.system(),
                  warnings::add))
          .hasMessageContaining("needs every controller on cgroup v2");
    }
  }
}
