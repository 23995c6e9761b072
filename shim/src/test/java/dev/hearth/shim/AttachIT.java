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
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@NeedsRoot
class AttachIT extends ContainerTest {
  private LaunchPlan plan(Stdio stdio, String script) {
    LaunchPlan plan = bench.plan("c", Workbench.shell(script));
    return new LaunchPlan(
        plan.supervision(), stdio, plan.cgroups(), plan.namespaces(), plan.files(), plan.process());
  }

  /** A client's ends of its pipes, and the attachment. */
  private final class Client implements AutoCloseable {
    private final Opens.Pipe in = Opens.pipe();
    private final Opens.Pipe out = Opens.pipe();
    private final Opens.Pipe err = Opens.pipe();
    private final StringBuilder seen = new StringBuilder();
    private final Attachment attachment;

    Client(boolean writes, boolean terminal) throws Exception {
      ShimClient.Streams streams =
          new ShimClient.Streams(
              writes ? Optional.of(in.reader()) : Optional.empty(),
              Optional.of(out.writer()),
              terminal ? Optional.empty() : Optional.of(err.writer()));
      try {
        attachment = bench.client("c").attach(streams, Workbench.SOON);
      } finally {
        in.reader().close();
        out.writer().close();
        err.writer().close();
      }
      Descriptors.setNonBlocking(out.reader(), true);
    }

    void write(String text) throws Exception {
      Descriptors.writeAll(
          in.writer(), ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    void readUntil(String end) throws Exception {
      ByteBuffer buffer = ByteBuffer.allocate(65536);
      Fd fd = out.reader();
      while (seen.indexOf(end) < 0) {
        int read = Descriptors.read(fd, buffer.clear());
        assertThat(read).as("all that came: %s", seen).isNotNegative();
        if (read == 0) {
          bench.poller.awaitReadable(fd, Workbench.SOON);
        }
        seen.append(new String(buffer.array(), 0, read, StandardCharsets.ISO_8859_1));
      }
    }

    @Override
    public void close() {
      attachment.close();
      in.close();
      out.close();
      err.close();
    }
  }

  @Test
  void everyClientSeesOutputAndItIsLoggedToo() throws Exception {
    LaunchPlan plan =
        plan(
            new Stdio.Pipes(Stdio.Input.KEPT),
            "while read line; do echo got $line; echo bad $line >&2; done; echo end");
    bench.start(plan);
    try (Client one = new Client(true, false);
        Client two = new Client(false, false)) {
      one.write("a\n");
      one.readUntil("got a\n");
      two.readUntil("got a\n");
      bench.client("c").closeStdin(Workbench.SOON);
      assertThat(bench.readAll(one.out.reader())).isEqualTo("end\n");
      assertThat(bench.readAll(two.out.reader())).isEqualTo("end\n");
      assertThat(bench.readAll(one.err.reader())).isEqualTo("bad a\n");
      assertThat(one.attachment.await(Workbench.SOON)).isEqualTo(Attachment.End.CONTAINER_ENDED);
    }
    assertThat(bench.logged("stdout")).isEqualTo("got a\nend\n");
    assertThat(bench.logged("stderr")).isEqualTo("bad a\n");
  }

  @Test
  void stdinThatIsKeptOutlivesItsClients() throws Exception {
    bench.start(plan(new Stdio.Pipes(Stdio.Input.KEPT), "while read line; do echo $line; done"));
    for (int i = 0; i < 3; i++) {
      try (Client client = new Client(true, false)) {
        client.write("line " + i + "\n");
        client.readUntil("line " + i + "\n");
      }
    }
    assertThat(bench.client("c").status(Workbench.SOON).exit()).isEmpty();
  }

  @Test
  void stdinForOnceEndsWithItsClient() throws Exception {
    LaunchPlan plan = plan(new Stdio.Pipes(Stdio.Input.ONCE), "cat; echo end");
    bench.start(plan);
    try (Client client = new Client(true, false)) {
      client.write("x".repeat(50_000) + "\n");
      client.in.writer().close();
      client.readUntil("end\n");
      assertThat(client.seen).hasSize(50_001 + 4);
    }
    assertThat(bench.awaitEnd(plan).code()).isZero();
  }

  @Test
  void severalClientsWriteAndTheirBytesComeAsTheyAreWritten() throws Exception {
    bench.start(plan(new Stdio.Pipes(Stdio.Input.KEPT), "while read line; do echo $line; done"));
    try (Client first = new Client(true, false);
        Client second = new Client(true, false)) {
      for (int i = 0; i < 3; i++) {
        first.write("first " + i + "\n");
        second.readUntil("first " + i + "\n");
        second.write("second " + i + "\n");
        first.readUntil("second " + i + "\n");
      }
      first.in.writer().close();
      second.write("still here\n");
      second.readUntil("still here\n");
    }
    assertThat(bench.logged("stdout"))
        .isEqualTo("first 0\nsecond 0\nfirst 1\nsecond 1\nfirst 2\nsecond 2\nstill here\n");
  }

  @Test
  void whatOneClientWritesInVainHoldsUpTheOthersAndLosesNothing() throws Exception {
    // Together more than the container's pipe holds, and it reads nothing before it is told to.
    LaunchPlan plan =
        plan(
            new Stdio.Pipes(Stdio.Input.KEPT),
            "until test -e /tmp/go; do usleep 1000; done; head -c 120000 | tr -cd f | wc -c");
    bench.start(plan);
    try (Client first = new Client(true, false);
        Client second = new Client(true, false)) {
      first.write("f".repeat(60_000));
      second.write("s".repeat(60_000));
      var _ = bench.exec(plan, Workbench.process(Workbench.shell(": >/tmp/go")));
      first.readUntil("60000\n");
      second.readUntil("60000\n");
    }
    assertThat(bench.awaitEnd(plan).code()).isZero();
  }

  @Test
  void stdinForOnceEndsForAllWithTheFirstClientThatEndsIt() throws Exception {
    LaunchPlan plan = plan(new Stdio.Pipes(Stdio.Input.ONCE), "cat; echo end");
    bench.start(plan);
    try (Client first = new Client(true, false);
        Client second = new Client(true, false)) {
      second.write("second\n");
      first.readUntil("second\n");
      first.in.writer().close();
      second.readUntil("end\n");
    }
    assertThat(bench.awaitEnd(plan).code()).isZero();
  }

  @Test
  void noneWritesWhereThereIsNoStdin() throws Exception {
    bench.start(plan(new Stdio.Pipes(Stdio.Input.NONE), "sleep 1000"));
    assertThatThrownBy(() -> new Client(true, false))
        .isInstanceOfSatisfying(ShimRefusal.class, e -> assertThat(e.is(Errno.EPIPE)).isTrue());
  }

  @Test
  void aClientThatReadsGetsEveryByte() throws Exception {
    LaunchPlan plan = plan(new Stdio.Pipes(Stdio.Input.KEPT), "read go; seq 300000");
    bench.start(plan);
    try (Client client = new Client(true, false)) {
      client.write("go\n");
      String all = bench.readAll(client.out.reader());
      assertThat(all).hasSize(1_988_895).endsWith("\n300000\n");
    }
    assertThat(bench.logged("stdout")).hasSize(1_988_895);
  }

  @Test
  void aClientThatDoesNotReadLosesItsStreamAndTheContainerGoesOn() throws Exception {
    LaunchPlan plan = plan(new Stdio.Pipes(Stdio.Input.KEPT), "read go; seq 300000");
    bench.start(plan);
    try (Client client = new Client(true, false)) {
      client.write("go\n");
      assertThat(client.attachment.await(Workbench.SOON)).isEqualTo(Attachment.End.TOO_SLOW);
      assertThat(bench.awaitEnd(plan).code()).isZero();
    }
    assertThat(bench.logged("stdout")).hasSize(1_988_895);
  }

  @Test
  void aClientThatVanishesIsForgotten() throws Exception {
    LaunchPlan plan =
        plan(new Stdio.Pipes(Stdio.Input.NONE), "for i in $(seq 2000); do echo $i; done");
    bench.start(plan);
    for (int i = 0; i < 20; i++) {
      try {
        new Client(false, false).close();
      } catch (ShimUnreachable e) {
        break;
      }
    }
    assertThat(bench.awaitEnd(plan).code()).isZero();
    assertThat(bench.logged("stdout").lines()).hasSize(2000);
  }

  @Test
  void aTerminalIsResizedReadAndWritten() throws Exception {
    LaunchPlan plan =
        plan(
            new Stdio.Terminal(Stdio.Input.KEPT, new WindowSize(11, 22)),
            "trap 'stty size' WINCH; tty; stty size; ls -l /dev/console; while :; do read line &&"
                + " echo got $line; done");
    bench.start(plan);
    Workbench.await(() -> bench.logged("stdout").contains("/dev/console"));
    assertThat(bench.logged("stdout")).startsWith("/dev/pts/0\r\n11 22\r\ncrw");
    try (Client client = new Client(true, true)) {
      client.write("hello\n");
      client.readUntil("got hello\r\n");
      bench.client("c").resize(new WindowSize(33, 44), Workbench.SOON);
      client.write("again\n");
      client.readUntil("33 44\r\n");
    }
    bench.client("c").signal(Signals.KILL, Workbench.SOON);
    assertThat(bench.awaitEnd(plan).signal()).isEqualTo(Signals.KILL);
    assertThat(bench.logged("stdout")).contains("got hello\r\n");
  }

  @Test
  void aTerminalsLastWordsAreLogged() throws Exception {
    LaunchPlan plan =
        plan(new Stdio.Terminal(Stdio.Input.NONE, WindowSize.UNKNOWN), "seq 2000; exit 3");
    assertThat(bench.run(plan).code()).isEqualTo(3);
    assertThat(bench.logged("stdout")).endsWith("\n1999\r\n2000\r\n");
    assertThat(bench.logged("stdout").lines()).hasSize(2000);
  }

  @Test
  void theTerminalIsItsUsers() throws Exception {
    LaunchPlan plan =
        plan(
            new Stdio.Terminal(Stdio.Input.NONE, WindowSize.UNKNOWN),
            "stat -c '%u %a' /dev/pts/0 /dev/console; echo x >/dev/tty");
    LaunchPlan ofUser =
        new LaunchPlan(
            plan.supervision(),
            plan.stdio(),
            plan.cgroups(),
            plan.namespaces(),
            new FileTree(
                plan.files().root(),
                plan.files().mounts(),
                List.of(),
                List.of(DeviceNode.character("/dev/tty", 0666, 5, 0)),
                List.of(),
                List.of(),
                List.of()),
            plan.process().withUser(1000, 1000, List.of()));
    bench.run(ofUser);
    assertThat(bench.logged("stdout")).isEqualTo("1000 620\r\n1000 620\r\nx\r\n");
  }
}
