package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class ChildIT {
  private static final Duration LONG = Duration.ofSeconds(30);

  private static Poller poller;

  @BeforeAll
  static void startPoller() throws LinuxException {
    poller = new Poller();
  }

  @AfterAll
  static void closePoller() {
    poller.close();
  }

  @Test
  void getsItsArgumentsAndEnvironmentAndNoMore() throws Exception {
    assertThat(output("printf '%s|' \"$0\" \"$@\"; /usr/bin/env", Map.of("A", "b=ü")))
        .startsWith("name|first|second ü|")
        .contains("A=b=ü\n")
        .doesNotContain("JAVA_HOME", "PATH=/usr/local");
  }

  @Test
  void getsExactlyTheDescriptorsGiven() throws Exception {
    // A file of the JDK's, which is not closed on exec, and one of ours.
    try (var jdk = FileChannel.open(Path.of("/dev/zero"), StandardOpenOption.READ);
        Fd memory = Opens.memory("plan");
        Opens.Pipe pipe = Opens.pipe()) {
      Map<Integer, Fd> descriptors = Map.of(1, pipe.writer(), 7, memory);
      String list =
          "for f in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$f; done; ls /proc/$$/fd";
      String out = run(shell(list, Map.of(), descriptors, false), pipe);
      assertThat(jdk.isOpen()).isTrue();
      assertThat(out.lines())
          .containsExactly(
              "/dev/null",
              "pipe:[" + inode(pipe) + "]",
              "/dev/null",
              "/memfd:plan (deleted)",
              "0",
              "1",
              "2",
              "7");
    }
  }

  @Test
  void swapsDescriptors() throws Exception {
    try (Fd low = Opens.memory("low");
        Fd high = Opens.memory("high");
        Opens.Pipe pipe = Opens.pipe()) {
      Map<Integer, Fd> swapped = Map.of(1, pipe.writer(), low.number(), high, high.number(), low);
      String list = "readlink /proc/$$/fd/%d /proc/$$/fd/%d".formatted(low.number(), high.number());
      assertThat(run(shell(list, Map.of("PATH", "/usr/bin"), swapped, false), pipe).lines())
          .containsExactly("/memfd:high (deleted)", "/memfd:low (deleted)");
    }
  }

  @Test
  void startsWithSignalsAtTheirDefaults() throws Exception {
    String status = output("cat /proc/self/status", Map.of("PATH", "/bin"));
    assertThat(status.lines()).contains("SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000");
  }

  @Test
  void leadsASessionWhenTold() throws Exception {
    for (boolean session : List.of(true, false)) {
      try (Opens.Pipe pipe = Opens.pipe()) {
        Spawn spawn =
            shell(
                "echo $$ $(cut -d' ' -f6 /proc/$$/stat)",
                Map.of(),
                Map.of(1, pipe.writer()),
                session);
        String[] ids = run(spawn, pipe).strip().split(" ", -1);
        assertThat(ids[0].equals(ids[1])).isEqualTo(session);
      }
    }
  }

  @Test
  void saysWhatCouldNotBeStarted() {
    Spawn absent = new Spawn(Path.of("/nowhere/x"), List.of("x"), Map.of(), Map.of(), false);
    assertThatThrownBy(() -> Child.start(absent))
        .hasMessage("start /nowhere/x: no such file or directory (ENOENT)");
  }

  @Test
  void endsWithItsCodeOrSignal() throws Exception {
    try (Child child = Child.start(shell("exit 42", Map.of(), Map.of(), false))) {
      assertThat(child.await(poller, LONG)).isEqualTo(new ExitStatus.Exited(42));
      assertThat(child.reap()).contains(new ExitStatus.Exited(42));
      assertThatThrownBy(() -> child.signal(0)).hasMessageContaining("ESRCH");
    }
    Spawn sleep =
        new Spawn(Path.of("/bin/sleep"), List.of("sleep", "1000"), Map.of(), Map.of(), true);
    try (Child child = Child.start(sleep)) {
      ProcessIdentity identity = ProcessIdentity.of(child.pid()).orElseThrow();
      assertThat(child.reap()).isEmpty();
      assertThat(identity.isAlive()).isTrue();
      identity.open().close();
      child.signal(Signals.TERM);
      poller.awaitReadable(child.pidfd(), LONG);
      assertThat(identity.isAlive()).as("a zombie").isFalse();
      assertThat(child.await(poller, LONG)).isEqualTo(new ExitStatus.Signaled(Signals.TERM, false));
      assertThat(ProcessIdentity.of(child.pid())).isEmpty();
      assertThatThrownBy(identity::open).hasMessageContaining("ESRCH");
    }
  }

  @Test
  void tellsProcessesWithTheSamePidApart() throws Exception {
    ProcessIdentity self = ProcessIdentity.of(Processes.self()).orElseThrow();
    assertThat(self.isAlive()).isTrue();
    assertThat(new ProcessIdentity(self.pid(), self.startTicks() + 1).isAlive()).isFalse();
  }

  @Test
  void copiesADescriptorOutOfAnotherProcess() throws Exception {
    try (Fd memory = Opens.memory("theirs");
        Fd pidfd = Processes.open(Processes.self());
        Fd copy = Processes.copyDescriptor(pidfd, memory.number())) {
      assertThat(Entries.status(copy).sameFile(Entries.status(memory))).isTrue();
    }
  }

  private static String output(String script, Map<String, String> environment) throws Exception {
    try (Opens.Pipe pipe = Opens.pipe()) {
      return run(shell(script, environment, Map.of(1, pipe.writer()), false), pipe);
    }
  }

  private static Spawn shell(
      String script, Map<String, String> environment, Map<Integer, Fd> fds, boolean session) {
    List<String> arguments = List.of("sh", "-c", script, "name", "first", "second ü");
    return new Spawn(Path.of("/bin/sh"), arguments, environment, fds, session);
  }

  private static String run(Spawn spawn, Opens.Pipe pipe) throws Exception {
    try (Child child = Child.start(spawn)) {
      pipe.writer().close();
      ByteBuffer all = ByteBuffer.allocate(100_000);
      do {
        poller.awaitReadable(pipe.reader(), LONG);
      } while (Descriptors.read(pipe.reader(), all) >= 0);
      assertThat(child.await(poller, LONG)).isEqualTo(new ExitStatus.Exited(0));
      return OpensTest.text(all);
    }
  }

  private static long inode(Opens.Pipe pipe) throws IOException {
    return Entries.status(pipe.reader()).inode();
  }
}
