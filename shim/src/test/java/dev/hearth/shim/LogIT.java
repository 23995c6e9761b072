package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

@NeedsRoot
class LogIT extends ContainerTest {
  @Test
  void eachLineHasItsTimeItsStreamAndItsTag() throws Exception {
    Instant before = Instant.now();
    bench.run(bench.plan("c", Workbench.shell("echo one; echo two >&2; echo; echo ' three '")));
    List<String> lines = Workbench.logLines(bench.log);
    assertThat(lines).hasSize(4);
    for (String line : lines) {
      assertThat(line)
          .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z (stdout|stderr) F .*");
      Instant time = Instant.parse(line.substring(0, 30));
      assertThat(time).isBetween(before.minusMillis(1), Instant.now());
    }
    assertThat(bench.logged("stdout")).isEqualTo("one\n\n three \n");
    assertThat(bench.logged("stderr")).isEqualTo("two\n");
    assertThat(Files.getPosixFilePermissions(bench.log))
        .isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
  }

  @Test
  void longLinesAreSplit() throws Exception {
    int limit = Supervision.DEFAULT_LINE_LIMIT;
    bench.run(
        bench.plan(
            "c",
            Workbench.shell(
                "yes a | tr -d '\\n' | head -c %d; echo; yes b | tr -d '\\n' | head -c %d; echo"
                    .formatted(limit, 2 * limit + 5))));
    List<String> lines = Workbench.logLines(bench.log);
    assertThat(lines.stream().map(line -> line.split(" ", 4)[2]).toList())
        .containsExactly("F", "P", "P", "F");
    assertThat(lines.stream().map(line -> line.split(" ", 4)[3].length()).toList())
        .containsExactly(limit, limit, limit, 5);
  }

  @Test
  void aLineWithoutAnEndIsPartial() throws Exception {
    bench.run(bench.plan("c", Workbench.shell("printf 'no newline'")));
    assertThat(Workbench.logLines(bench.log)).singleElement().asString().endsWith(" P no newline");
  }

  @Test
  void anyByteIsKept() throws Exception {
    bench.run(bench.plan("c", Workbench.shell("printf 'a\\000\\377\\r\\033b\\n'")));
    assertThat(bench.logged("stdout")).isEqualTo("a\0\u00ff\r\u001bb\n");
  }

  @Test
  void noLineIsLostWhenItEndsAtOnce() throws Exception {
    String expected = numbers(20_000);
    assertThat(bench.outputOf("seq 20000")).isEqualTo(expected);
  }

  private static String numbers(int count) {
    StringBuilder all = new StringBuilder();
    for (int i = 1; i <= count; i++) {
      all.append(i).append('\n');
    }
    return all.toString();
  }

  @Test
  void noByteIsLostWhenItIsKilled() throws Exception {
    // It fills its pipe, and ends, while the shim is stopped.
    LaunchPlan plan = bench.plan("c", Workbench.shell("echo start; sleep 0.2; seq 8000; exit 9"));
    StartedContainer started = bench.start(plan);
    Workbench.await(() -> bench.logged("stdout").equals("start\n"));
    signal(started.shimPid(), "STOP");
    Thread.sleep(400);
    signal(started.shimPid(), "CONT");
    bench.awaitEnd(plan);
    assertThat(bench.logged("stdout")).isEqualTo("start\n" + numbers(8000));
  }

  private static void signal(int pid, String name) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor()).isZero();
  }

  @Test
  void itGoesToANewFileWhenTold() throws Exception {
    LaunchPlan plan =
        bench.plan("c", Workbench.shell("i=0; while :; do echo $i; i=$((i+1)); usleep 1000; done"));
    bench.start(plan);
    Path old = bench.folder.resolve("log.1");
    Workbench.await(() -> Files.size(bench.log) > 0);
    Files.move(bench.log, old);
    bench.client("c").reopenLog(Workbench.SOON);
    assertThat(bench.log).exists();
    Workbench.await(() -> Files.size(bench.log) > 0);
    bench.client("c").signal(9, Workbench.SOON);
    bench.awaitEnd(plan);
    List<String> all = new ArrayList<>(Workbench.logLines(old));
    all.addAll(Workbench.logLines(bench.log));
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i)).endsWith(" F " + i);
    }
  }

  @Test
  void aLinkPlantedInItsPlaceIsNotFollowed() throws Exception {
    Path victim = Files.writeString(bench.folder.resolve("victim"), "");
    Files.createSymbolicLink(bench.log, victim);
    Assertions.assertThatThrownBy(() -> bench.start(bench.sleeper("c")))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("too many levels of symbolic links");
    assertThat(victim).isEmptyFile();
  }

  @Test
  void whatTheFileSystemDoesNotTakeIsCountedAndForgotten() throws Exception {
    // /dev/full is no regular file, so a file system that is.
    Path small = Files.createDirectory(bench.folder.resolve("small"));
    try (SmallFileSystem disk = new SmallFileSystem(small, 65536)) {
      LaunchPlan plan =
          bench.plan("c", Workbench.shell("seq 20000; echo done >/tmp/done; sleep 1000"));
      Supervision supervision =
          Supervision.of(bench.control("c"), bench.exitRecord("c"))
              .withLog(disk.at().resolve("log"));
      bench.start(
          new LaunchPlan(
              supervision,
              plan.stdio(),
              plan.cgroups(),
              plan.namespaces(),
              plan.files(),
              plan.process()));
      Workbench.await(() -> Files.exists(bench.rootfs.resolve("tmp/done")));
      Workbench.await(() -> bench.client("c").status(Workbench.SOON).lostLogBytes() > 0);
      bench.client("c").signal(9, Workbench.SOON);
      bench.awaitEnd(plan);
      Workbench.await(() ->
          ExitRecord.read(bench.exitRecord("c"))
              .filter(record -> record.lostLogBytes() > 50_000)
              .isPresent());
    }
  }

  @Test
  void withoutALogItRunsAllTheSame() throws Exception {
    LaunchPlan plan = bench.plan("c", Workbench.shell("seq 20000; exit 5"));
    assertThat(
            bench
                .run(
                    new LaunchPlan(
                        Supervision.of(bench.control("c"), bench.exitRecord("c")),
                        plan.stdio(),
                        plan.cgroups(),
                        plan.namespaces(),
                        plan.files(),
                        plan.process()))
                .code())
        .isEqualTo(5);
    assertThat(bench.log).doesNotExist();
  }
}
