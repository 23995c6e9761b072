package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@NeedsRoot
class ExecIT extends ContainerTest {
  private LaunchPlan container;
  private StartedContainer started;

  @BeforeEach
  void startContainer() throws Exception {
    container = bench.sleeper("c");
    started = bench.start(container);
  }

  private Workbench.ExecResult shell(String script) throws Exception {
    return bench.exec(container, Workbench.process(Workbench.shell(script)));
  }

  private ExecSession begin(String script) throws Exception {
    ExecPlan plan = ExecPlan.in(container, Workbench.process(Workbench.shell(script)));
    return bench.client("c").exec(plan, ShimClient.Streams.NONE, Workbench.SOON);
  }

  @Test
  void itRunsInTheContainersNamespaces() throws Exception {
    Workbench.ExecResult result =
        shell("pwd; readlink /proc/self/ns/mnt; readlink /proc/1/ns/mnt; cat /proc/1/comm");
    List<String> lines = result.output().lines().toList();
    assertThat(lines.get(0)).isEqualTo("/");
    assertThat(lines.get(1)).isEqualTo(lines.get(2));
    assertThat(lines.get(3)).isEqualTo("sleep");
  }

  @Test
  void outputErrorAndCodeComeBack() throws Exception {
    Workbench.ExecResult result = shell("echo out; echo err >&2; exit 9");
    assertThat(result.output()).isEqualTo("out\n");
    assertThat(result.error()).isEqualTo("err\n");
    assertThat(result.exit().code()).isEqualTo(9);
    assertThat(bench.logged("stdout")).isEmpty();
  }

  @Test
  void aSignalThatEndsItComesBack() throws Exception {
    assertThat(shell("kill -15 $$").exit().signal()).isEqualTo(Signals.TERM);
  }

  @Test
  void stdinIsRead() throws Exception {
    ExecPlan plan = ExecPlan.in(container, Workbench.process(Workbench.program("wc", "-c")));
    try (Opens.Pipe in = Opens.pipe();
        Opens.Pipe out = Opens.pipe();
        ExecSession session =
            bench
                .client("c")
                .exec(
                    plan,
                    new ShimClient.Streams(
                        Optional.of(in.reader()), Optional.of(out.writer()), Optional.empty()),
                    Workbench.SOON)) {
      in.reader().close();
      out.writer().close();
      Descriptors.writeAll(in.writer(), ByteBuffer.wrap(new byte[1234]));
      in.writer().close();
      assertThat(bench.readAll(out.reader())).isEqualTo("1234\n");
      assertThat(session.await(Workbench.SOON).code()).isZero();
    }
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    ExecPlan plan = ExecPlan.in(container, Workbench.process(Workbench.program("nothing")));
    assertThatThrownBy(() -> bench.client("c").exec(plan, ShimClient.Streams.NONE, Workbench.SOON))
        .isInstanceOf(StartFailure.class)
        .hasMessage("exec nothing (not found in PATH): no such file or directory");
  }

  @Test
  void userCapabilitiesAndLimitsAreItsOwn() throws Exception {
    ProcessSetup process =
        Workbench.process(
                Workbench.shell(
                    "id -u; id -g; grep -E 'CapEff|NoNew' /proc/self/status; ulimit -n;"
                        + " cat /proc/self/oom_score_adj; pwd; echo x >/proc/self/fd/1"))
            .withUser(1000, 1001, List.of())
            .withWorkingDirectory("/tmp")
            .withLimits(
                List.of(new ResourceLimit(ResourceLimit.Resource.NOFILE, 77, 77)),
                OptionalInt.of(321));
    assertThat(bench.exec(container, process).output())
        .isEqualTo(
            "1000\n1001\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\n77\n321\n/tmp\nx\n"
                .replace("00000000a80425fb", "0000000000000000"));
  }

  @Test
  void aTerminalMayTakeThePlaceOfStreams() throws Exception {
    ExecPlan plan =
        ExecPlan.in(
                container,
                Workbench.process(
                    Workbench.shell(
                        "tty; stty size; read line; echo got $line;"
                            + " until stty size | grep 33; do usleep 1000; done")))
            .withTerminal(new WindowSize(11, 22));
    try (ExecSession session =
        bench.client("c").exec(plan, ShimClient.Streams.NONE, Workbench.SOON)) {
      Fd terminal = session.terminal().orElseThrow();
      StringBuilder seen = new StringBuilder();
      readUntil(terminal, seen, "11 22\r\n");
      session.resize(new WindowSize(33, 44), Workbench.SOON);
      Descriptors.writeAll(
          terminal, ByteBuffer.wrap("hello\n".getBytes(StandardCharsets.US_ASCII)));
      readUntil(terminal, seen, "33 44\r\n");
      assertThat(seen.toString()).contains("/dev/pts/0\r\n").contains("got hello\r\n");
      assertThat(session.await(Workbench.SOON).code()).isZero();
    }
  }

  private void readUntil(Fd terminal, StringBuilder seen, String end) throws Exception {
    Descriptors.setNonBlocking(terminal, true);
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    while (seen.indexOf(end) < 0) {
      bench.poller.awaitReadable(terminal, Workbench.SOON);
      int read = Descriptors.read(terminal, buffer.clear());
      assertThat(read).isNotNegative();
      seen.append(new String(buffer.array(), 0, Math.max(read, 0), StandardCharsets.US_ASCII));
    }
  }

  @Test
  void killEndsAllOfItsSession() throws Exception {
    try (ExecSession session = begin("sleep 1001 & sleep 1002")) {
      Workbench.await(() -> running("100[12]") == 2);
      session.kill(Workbench.SOON);
      assertThat(session.await(Workbench.SOON).signal()).isEqualTo(Signals.KILL);
    }
    Workbench.await(() -> running("100[12]") == 0);
  }

  /** How many sleep so long in the container. */
  private long running(String time) throws Exception {
    String script = "for i in /proc/[0-9]*; do tr '\\0' ' ' <$i/cmdline 2>/dev/null; echo; done";
    return shell(script).output().lines().filter(l -> l.matches("sleep " + time + " ")).count();
  }

  @Test
  void whoHangsUpKillsIt() throws Exception {
    try (ExecSession session = begin("sleep 1001 & sleep 1002")) {
      Workbench.await(() -> running("100[12]") == 2);
      assertThat(session.pid()).isPositive();
    }
    Workbench.await(() -> running("100[12]") == 0);
  }

  @Test
  void itMayBeSignalled() throws Exception {
    try (ExecSession session = begin("trap 'exit 5' USR1; while :; do sleep 0.01; done")) {
      Workbench.await(() -> running("0.01") > 0);
      session.signal(Signals.USR1, Workbench.SOON);
      assertThat(session.await(Workbench.SOON).code()).isEqualTo(5);
    }
  }

  @Test
  void itIsTheShimsChildAndItsOrphansAreNot() throws Exception {
    assertThat(shell("(sleep 0.01 &); cut -d' ' -f4 /proc/self/stat; echo $PPID").output())
        .endsWith("0\n");
    Workbench.await(() -> children(started.shimPid()).size() == 1);
  }

  private static List<String> children(int pid) throws Exception {
    String children =
        Files.readString(Path.of("/proc/" + pid + "/task/" + pid + "/children")).strip();
    return children.isEmpty() ? List.of() : List.of(children.split(" "));
  }

  @Test
  void manyMayRunAtOnce() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        int code = i;
        Callable<Integer> task = () -> shell("usleep 20000; exit " + code).exit().code();
        results.add(threads.submit(task));
      }
      for (int i = 0; i < results.size(); i++) {
        assertThat(results.get(i).get()).isEqualTo(i);
      }
    }
  }

  @Test
  void aLongPlanGoesThrough() throws Exception {
    List<String> environment = new ArrayList<>(List.of("PATH=" + Workbench.PATH));
    for (int i = 0; i < 2000; i++) {
      environment.add("VARIABLE_" + i + "=" + "x".repeat(100));
    }
    Body.Program program =
        new Body.Program(
            List.of("sh", "-c", "env | grep -c VARIABLE_"), environment, Workbench.PATH);
    assertThat(bench.exec(container, Workbench.process(program)).output()).isEqualTo("2000\n");
  }

  @Test
  void noneStartsWhenTheContainerHasEnded() throws Exception {
    bench.client("c").signal(Signals.KILL, Workbench.SOON);
    bench.awaitEnd(container);
    assertThatThrownBy(() -> begin("true")).isInstanceOf(ShimException.class);
  }

  @Test
  void itEndsWithTheContainer() throws Exception {
    try (ExecSession session = begin("sleep 1000")) {
      bench.client("c").signal(Signals.KILL, Workbench.SOON);
      assertThat(session.await(Workbench.SOON).signal()).isEqualTo(Signals.KILL);
    }
  }

  @Test
  void noDescriptorOfOthersIsInIt() throws Exception {
    try (ExecSession other = begin("sleep 1000")) {
      assertThat(shell("ls /proc/self/fd").output()).isEqualTo("0\n1\n2\n3\n");
      assertThat(other.warnings()).isEmpty();
    }
  }

  @Test
  void anotherCannotBeginOnTheSameConnectionButTheContainerCanBeAsked() throws Exception {
    try (ExecSession session = begin("sleep 1000")) {
      assertThat(bench.client("c").status(Workbench.SOON).process()).isEqualTo(started.process());
      assertThatThrownBy(() -> bench.client("c").resize(WindowSize.UNKNOWN, Workbench.SOON))
          .isInstanceOfSatisfying(
              ShimRefusal.class, refusal -> assertThat(refusal.is(Errno.ENOTTY)).isTrue());
      assertThat(session.terminal()).isEmpty();
    }
  }
}
