package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Errno;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

@NeedsRoot
class StartIT extends ContainerTest {
  @Test
  void aContainerSaysHello() throws Exception {
    assertThat(bench.outputOf("echo hello")).isEqualTo("hello\n");
  }

  @Test
  void itsExitCodeAndTimesAreRecorded() throws Exception {
    Instant before = Instant.now();
    ContainerExit exit = bench.run(bench.plan("c", Workbench.shell("exit 42")));
    assertThat(exit.code()).isEqualTo(42);
    assertThat(exit.signal()).isZero();
    ExitRecord record = ExitRecord.read(bench.exitRecord("c")).orElseThrow();
    assertThat(record.exit()).isEqualTo(exit);
    assertThat(record.startedAt()).isBetween(before, exit.finishedAt());
    assertThat(exit.finishedAt()).isBetween(before, Instant.now());
  }

  @Test
  void aSignalEndsIt() throws Exception {
    LaunchPlan plan = bench.sleeper("c");
    bench.start(plan);
    bench.client("c").signal(Signals.KILL, Workbench.SOON);
    ContainerExit exit = bench.awaitEnd(plan);
    assertThat(exit.signal()).isEqualTo(Signals.KILL);
    assertThat(exit.shellCode()).isEqualTo(137);
  }

  @Test
  void aSignalItHandlesReachesIt() throws Exception {
    LaunchPlan plan =
        bench.plan(
            "c", Workbench.shell("trap 'exit 3' TERM; echo ready; while :; do sleep 1; done"));
    bench.start(plan);
    Workbench.await(() -> bench.logged("stdout").equals("ready\n"));
    bench.client("c").signal(Signals.TERM, Workbench.SOON);
    assertThat(bench.awaitEnd(plan).code()).isEqualTo(3);
  }

  @Test
  void itIsTheShimsChildAndTheShimIsNobodys() throws Exception {
    StartedContainer started = bench.start(bench.sleeper("c"));
    List<String> shim = stat(started.shimPid());
    assertThat(stat(started.process().pid()).get(1)).isEqualTo("" + started.shimPid());
    assertThat(shim.get(1)).isNotEqualTo("" + ProcessHandle.current().pid());
    assertThat(shim.get(3)).as("its session").isEqualTo("" + started.shimPid());
    assertThat(ProcessIdentity.of(started.process().pid())).contains(started.process());
    assertThat(Files.readString(Path.of("/proc/" + started.shimPid() + "/comm")))
        .isEqualTo("hearth-shim\n");
  }

  /** Fields of proc_pid_stat(5), from the state on. */
  private static List<String> stat(int pid) throws Exception {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
  }

  @Test
  void nothingIsLeftWhenItHasEnded() throws Exception {
    StartedContainer started = bench.start(bench.plan("c", Workbench.program("true")));
    Workbench.await(() -> ProcessIdentity.of(started.shimPid()).isEmpty());
    assertThat(bench.control("c")).doesNotExist();
    assertThat(bench.folder)
        .isDirectoryNotContaining("glob:**.new")
        .isDirectoryContaining("glob:**c.exit");
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .doesNotContain(bench.folder.toString());
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    assertFailure(() -> start(Workbench.program("/bin/foo")))
        .isEqualTo("exec /bin/foo: no such file or directory");
    assertThat(bench.control("c")).doesNotExist();
    assertThat(bench.exitRecord("c")).doesNotExist();
  }

  @Test
  void aProgramThatIsNotInPathIsNamed() {
    assertFailure(() -> start(Workbench.program("foo")))
        .isEqualTo("exec foo (not found in PATH): no such file or directory");
  }

  @Test
  void aProgramThatMayNotBeRunIsNamed() throws Exception {
    Files.writeString(bench.rootfs.resolve("bin/data"), "#!/bin/sh\n");
    assertFailure(() -> start(Workbench.program("/bin/data")))
        .isEqualTo("exec /bin/data: permission denied");
    assertFailure(() -> start(Workbench.program("/bin"))).isEqualTo("exec /bin: permission denied");
  }

  @Test
  void aProgramOfAnotherKindIsNamed() throws Exception {
    executable("alien", "\u007fELF, but not for this machine");
    assertFailure(() -> start(Workbench.program("alien")))
        .isEqualTo("exec alien: exec format error");
  }

  @Test
  void aMissingInterpreterIsNamed() throws Exception {
    executable("script", "#!/bin/python9\n");
    assertFailure(() -> start(Workbench.program("/bin/script")))
        .isEqualTo(
            "exec /bin/script (its interpreter or dynamic loader): no such file or directory");
  }

  private void executable(String name, String content) throws Exception {
    Path file = bench.rootfs.resolve("bin").resolve(name);
    Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void aMissingBindSourceIsNamed() {
    ContainerMount mount =
        Workbench.mount("/data", new MountSource.Bind(bench.folder.resolve("absent"), true));
    assertFailure(() -> bench.start(withMount(mount)))
        .isEqualTo(
            "mount /data: open " + bench.folder.resolve("absent") + ": no such file or directory");
  }

  @Test
  void theFileSystemsOwnWordsAreKept() {
    ContainerMount mount =
        Workbench.mount(
            "/data",
            new MountSource.FileSystem(
                "overlay", List.of(MountSource.Option.of("lowerdir", "/nowhere")), Set.of()));
    assertFailure(() -> bench.start(withMount(mount))).startsWith("mount /data: mount overlay");
  }

  @Test
  void aSoftStepThatFailsIsAWarning() throws Exception {
    ProcessSetup process =
        Workbench.process(Workbench.program("true")).withLimits(List.of(), OptionalInt.of(2000));
    StartedContainer started = bench.start(withProcess(process));
    assertThat(started.warnings())
        .singleElement()
        .hasToString(
            "set /proc/self/oom_score_adj to '2000': "
                + "write /proc/self/oom_score_adj: invalid argument");
  }

  /** Most of these give up about when the container comes to run. */
  @Test
  void whoGivesUpWaitingLeavesNothing() throws Exception {
    int times = 0;
    Duration patience = Duration.ofNanos(1);
    for (int i = 0; i < 60; i++) {
      LaunchPlan plan = bench.sleeper("c" + i);
      try {
        bench.launcher.launch(plan, patience);
        assertThat(bench.client("c" + i).status(Workbench.SOON).exit()).isEmpty();
        patience = patience.multipliedBy(9).dividedBy(10);
      } catch (TimeoutException e) {
        times++;
        assertThat(plan.supervision().control()).doesNotExist();
        patience = patience.plusNanos(patience.toNanos() / 8 + 100_000);
      }
    }
    assertThat(times).isPositive();
  }

  @Test
  void whoIsInterruptedLeavesNothing() throws Exception {
    for (int i = 0; i < 20; i++) {
      LaunchPlan plan = bench.sleeper("c" + i);
      Path control = plan.supervision().control();
      CompletableFuture<Boolean> started = new CompletableFuture<>();
      Thread thread =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  bench.launcher.launch(plan, Workbench.SOON);
                  started.complete(true);
                } catch (InterruptedException e) {
                  started.complete(false);
                } catch (Exception e) {
                  started.completeExceptionally(e);
                }
              });
      if (i % 2 == 1) { // when it is in the middle of it
        Workbench.await(() -> Files.exists(control));
      }
      thread.interrupt();
      boolean runs = started.get();
      assertThat(Files.exists(control)).isEqualTo(runs);
    }
  }

  @Test
  void twoAtOneSocketAreRefused() throws Exception {
    bench.start(bench.sleeper("c"));
    assertFailure(() -> bench.start(bench.sleeper("c")))
        .isEqualTo(
            "listen on "
                + bench.control("c")
                + ": bind socket "
                + bench.control("c")
                + ": address already in use");
    assertThat(bench.client("c").status(Workbench.SOON).exit()).isEmpty();
  }

  @Test
  void theControlSocketMayLieDeep() throws Exception {
    Path deep = bench.folder;
    for (int i = 0; i < 6; i++) {
      deep = Files.createDirectory(deep.resolve("a-folder-with-quite-a-long-name"));
    }
    LaunchPlan plan = bench.sleeper("c");
    Supervision supervision = Supervision.of(deep.resolve("sock"), bench.exitRecord("c"));
    bench.start(
        new LaunchPlan(
            supervision,
            plan.stdio(),
            plan.cgroups(),
            plan.namespaces(),
            plan.files(),
            plan.process()));
    ShimClient client = new ShimClient(deep.resolve("sock"), bench.poller);
    assertThat(Files.getPosixFilePermissions(deep.resolve("sock")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    client.signal(Signals.KILL, Workbench.SOON);
    try (ExitWatch watch = client.subscribe(Workbench.SOON)) {
      watch.await(Workbench.SOON);
    } catch (ShimUnreachable e) {
      // It was quick.
    }
  }

  @Test
  void noDescriptorOfTheShimsIsInTheContainer() throws Exception {
    assertThat(bench.outputOf("ls /proc/self/fd")).isEqualTo("0\n1\n2\n3\n");
    // 3 is the folder that ls reads.
  }

  @Test
  void onlyItsOwnEnvironmentIsThere() throws Exception {
    assertThat(bench.output(bench.plan("c", Workbench.program("env"))))
        .isEqualTo("PATH=/bin:/sbin\n");
  }

  private void start(Body body) throws Exception {
    bench.start(bench.plan("c", body));
  }

  private LaunchPlan withMount(ContainerMount mount) {
    LaunchPlan plan = bench.sleeper("c");
    return new LaunchPlan(
        plan.supervision(),
        plan.stdio(),
        plan.cgroups(),
        plan.namespaces(),
        FileTree.of(bench.root(), List.of(mount)),
        plan.process());
  }

  private LaunchPlan withProcess(ProcessSetup process) {
    LaunchPlan plan = bench.sleeper("c");
    return new LaunchPlan(
        plan.supervision(), plan.stdio(), plan.cgroups(), plan.namespaces(), plan.files(), process);
  }

  private static AbstractStringAssert<?> assertFailure(ThrowingCallable start) {
    Throwable thrown = Assertions.catchThrowable(start);
    assertThat(thrown).isInstanceOf(StartFailure.class);
    return assertThat(Optional.ofNullable(thrown.getMessage()).orElse(""));
  }

  @Test
  void theErrorIsTold() {
    assertThatThrownBy(() -> start(Workbench.program("/bin/foo")))
        .isInstanceOfSatisfying(
            StartFailure.class,
            failure -> {
              assertThat(failure.is(Errno.ENOENT)).isTrue();
              assertThat(failure.isOfProgram()).isTrue();
              assertThat(failure.text()).isEqualTo("/bin/foo");
            });
  }
}
