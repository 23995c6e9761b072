package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a shim costs, and that it costs no more with time. */
@NeedsRoot
final class FootprintIT extends ContainerTest {
  private static final int EXECS = Integer.getInteger("hearth.shim.execs", 1000);

  /** A field of /proc/PID/smaps_rollup, in kB. */
  private static long memory(int pid, String field) throws Exception {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
      return lines
          .filter(line -> line.startsWith(field + ":"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  private static long descriptors(int pid) throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return all.count();
    }
  }

  @Test
  void aShimIsSmall() throws Exception {
    StartedContainer started = bench.start(bench.sleeper("c"));
    assertThat(memory(started.shimPid(), "Rss")).isLessThan(160);
    assertThat(memory(started.shimPid(), "Anonymous")).isLessThan(50);
    assertThat(descriptors(started.shimPid())).isLessThan(15);
  }

  @Test
  void execsLeaveNothingBehind() throws Exception {
    LaunchPlan container = bench.sleeper("c");
    StartedContainer started = bench.start(container);
    long descriptors = descriptors(started.shimPid());
    run(container, 100);
    long memory = memory(started.shimPid(), "Anonymous");
    run(container, EXECS);
    assertThat(memory(started.shimPid(), "Anonymous")).isLessThanOrEqualTo(memory + 4);
    Workbench.await(() -> descriptors(started.shimPid()) <= descriptors);
  }

  private void run(LaunchPlan container, int times) throws Exception {
    ExecPlan good = ExecPlan.in(container, Workbench.process(Workbench.program("true")));
    ExecPlan bad = ExecPlan.in(container, Workbench.process(Workbench.program("absent")));
    ShimClient client = bench.client("c");
    for (int i = 0; i < times; i++) {
      try (ExecSession session =
          client.exec(i % 10 == 0 ? bad : good, ShimClient.Streams.NONE, Workbench.SOON)) {
        assertThat(session.await(Workbench.SOON).code()).isZero();
      } catch (StartFailure e) {
        assertThat(e.isOfProgram()).isTrue();
      }
    }
  }

  @Test
  void aBurstOfOutputIsGivenBack() throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.shell("seq 200000; echo end; sleep 1000"));
    StartedContainer started = bench.start(plan);
    Workbench.await(() -> bench.logged("stdout").endsWith("\nend\n"));
    Workbench.await(() -> memory(started.shimPid(), "Anonymous") < 50);
  }
}
