package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
final class StartIT {
  private Workbench bench;

  @BeforeEach
  void setUp(@TempDir Path folder) throws Exception {
    bench = new Workbench(folder);
  }

  @AfterEach
  void tearDown() throws Exception {
    bench.close();
  }

  @Test
  void aContainerSaysHello() throws Exception {
    assertThat(bench.outputOf("echo hello")).isEqualTo("hello\n");
  }

  @Test
  void itsExitCodeIsRecorded() throws Exception {
    ContainerExit exit = bench.run(bench.plan("c", Workbench.shell("exit 42")));
    assertThat(exit.code()).isEqualTo(42);
    assertThat(ExitRecord.read(bench.exitRecord("c")).orElseThrow().exit()).isEqualTo(exit);
  }

  @Test
  void aSignalEndsIt() throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.program("sleep", "1000"));
    bench.start(plan);
    bench.client("c").signal(Signals.KILL, Workbench.SOON);
    assertThat(bench.awaitEnd(plan).signal()).isEqualTo(Signals.KILL);
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> bench.run(bench.plan("c", Workbench.program("/bin/foo"))))
        .isInstanceOf(StartFailure.class)
        .hasMessage("exec /bin/foo: no such file or directory")
        .satisfies(e -> assertThat(((StartFailure) e).is(Errno.ENOENT)).isTrue());
  }

  @Test
  void execRuns() throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.program("sleep", "1000"));
    bench.start(plan);
    ExecPlan exec = ExecPlan.in(plan, Workbench.process(Workbench.shell("exit 7")));
    try (ExecSession session =
        bench.client("c").exec(exec, ShimClient.Streams.NONE, Workbench.SOON)) {
      assertThat(session.await(Workbench.SOON).code()).isEqualTo(7);
    }
  }
}
