package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.SocketMessages;
import dev.hearth.linux.UnixSockets;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@NeedsRoot
class ControlIT extends ContainerTest {
  private StartedContainer started;

  @BeforeEach
  void startContainer() throws Exception {
    started = bench.start(bench.sleeper("c"));
  }

  private Fd connect() throws Exception {
    while (true) {
      try {
        return UnixSockets.connect(bench.control("c"), UnixSockets.Kind.SEQUENCED_PACKETS);
      } catch (LinuxException e) {
        assertThat(e.is(Errno.EAGAIN)).as("its backlog is full: %s", e).isTrue();
        Thread.sleep(1);
      }
    }
  }

  private static void send(Fd socket, ByteBuffer message, List<Fd> descriptors) throws Exception {
    assertThat(SocketMessages.send(socket, message, descriptors)).isPositive();
  }

  /** Type of the next message, or -1 at the end. */
  private int receive(Fd socket, ByteBuffer buffer) throws Exception {
    buffer.clear();
    while (true) {
      try (SocketMessages.Received received = SocketMessages.receive(socket, buffer, 1)) {
        if (received.bytes() != 0) {
          buffer.flip();
          return received.bytes() < 0 ? -1 : buffer.getInt() >> 16;
        }
      }
      bench.poller.awaitReadable(socket, Workbench.SOON);
    }
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void assertAlive() throws Exception {
    assertThat(bench.client("c").status(Workbench.SOON).process()).isEqualTo(started.process());
  }

  private static long descriptors(int pid) throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return all.count();
    }
  }

  @Test
  void itSaysWhatItSpeaksAndHowItIs() throws Exception {
    assertThat(bench.client("c").versions(Workbench.SOON)).isEqualTo(new ShimClient.Versions(1, 1));
    ShimStatus status = bench.client("c").status(Workbench.SOON);
    assertThat(status.process()).isEqualTo(started.process());
    assertThat(status.startedAt()).isEqualTo(started.startedAt());
    assertThat(status.exit()).isEmpty();
    assertThat(Files.getPosixFilePermissions(bench.control("c")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void aLaterVersionIsRefusedButSaysHello() throws Exception {
    ByteBuffer answer = buffer();
    try (Fd socket = connect()) {
      send(socket, buffer().putShort((short) 9).putShort((short) 1).flip(), List.of());
      assertThat(receive(socket, answer)).isEqualTo(Message.VERSIONS);
      send(socket, buffer().putShort((short) 9).putShort((short) 2).flip(), List.of());
      assertThat(receive(socket, answer)).isEqualTo(Message.ERROR);
      assertThat(answer.getInt()).isEqualTo(Errno.EPROTONOSUPPORT.number());
      assertThat(receive(socket, answer)).isEqualTo(-1);
    }
    assertAlive();
  }

  @Test
  void nonsenseIsRefusedAndTheContainerGoesOn() throws Exception {
    Random random = new Random(1);
    long before = descriptors(started.shimPid());
    for (int i = 0; i < 2000; i++) {
      byte[] nonsense = new byte[1 + random.nextInt(200)];
      random.nextBytes(nonsense);
      ByteBuffer message = ByteBuffer.wrap(nonsense).order(ByteOrder.LITTLE_ENDIAN);
      if (random.nextInt(4) > 0 && nonsense.length >= 4) {
        // Close to the truth, but for signals, which would be taken at their word.
        int type = 1 + random.nextInt(12);
        message.putShort(0, (short) 1).putShort(2, (short) (type == Request.SIGNAL ? 2 : type));
      }
      try (Fd socket = connect();
          Fd one = Opens.memory("x")) {
        send(socket, message, random.nextBoolean() ? List.of() : List.of(one, one));
      }
    }
    assertAlive();
    Workbench.await(() -> descriptors(started.shimPid()) <= before);
  }

  @Test
  void brokenPlansAreRefused() throws Exception {
    ByteBuffer good =
        ExecPlan.in(bench.sleeper("c"), Workbench.process(Workbench.program("true")))
            .compile()
            .encode();
    byte[] bytes = new byte[good.remaining()];
    good.get(bytes);
    Random random = new Random(2);
    for (int i = 0; i < 500; i++) {
      byte[] broken = bytes.clone();
      // The first 200 bytes: cgroups, files, namespaces; what comes later is too harmful to guess.
      broken[random.nextInt(40)] ^= (byte) (1 << random.nextInt(8));
      try (Fd socket = connect()) {
        send(socket, Request.exec(Request.EXEC_BOUND, broken), List.of());
        assertThat(receive(socket, buffer()))
            .isIn(Message.FAILED, Message.STARTED, Message.WARNING);
      }
    }
    assertAlive();
  }

  @Test
  void tooManyDescriptorsAreRefused() throws Exception {
    long before = descriptors(started.shimPid());
    try (Fd socket = connect();
        Fd one = Opens.memory("x")) {
      send(socket, Request.of(Request.STATUS), List.of(one, one, one, one, one, one));
      assertThat(receive(socket, buffer())).isEqualTo(Message.ERROR);
    }
    assertAlive();
    Workbench.await(() -> descriptors(started.shimPid()) <= before);
  }

  @Test
  void whoDoesNotReadIsDropped() throws Exception {
    try (Fd socket = connect()) {
      for (int i = 0; i < 5000; i++) {
        if (SocketMessages.send(socket, Request.of(Request.STATUS), List.of()) == 0) {
          Thread.sleep(1);
        }
      }
    } catch (LinuxException e) {
      assertThat(e.isAnyOf(Errno.EPIPE, Errno.ECONNRESET)).isTrue();
    }
    assertAlive();
  }

  @Test
  void manyClientsAreServedAtOnce() throws Exception {
    List<Fd> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        sockets.add(connect());
      }
      for (Fd socket : sockets) {
        send(socket, Request.of(Request.STATUS), List.of());
      }
      for (Fd socket : sockets) {
        assertThat(receive(socket, buffer())).isEqualTo(Message.STATUS);
      }
    } finally {
      sockets.forEach(Fd::close);
    }
    assertAlive();
  }

  @Test
  void outOfDescriptorsItWaitsAndComesBack() throws Exception {
    long before = descriptors(started.shimPid());
    assertThat(
            new ProcessBuilder("prlimit", "--pid", "" + started.shimPid(), "--nofile=30:30")
                .start()
                .waitFor())
        .isZero();
    List<Fd> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 60; i++) {
        sockets.add(connect());
      }
      send(sockets.getFirst(), Request.of(Request.STATUS), List.of());
      assertThat(receive(sockets.getFirst(), buffer())).isEqualTo(Message.STATUS);
    } finally {
      sockets.forEach(Fd::close);
    }
    assertAlive();
    Workbench.await(() -> descriptors(started.shimPid()) <= before);
  }

  @Test
  void anExecWithoutDescriptorsItAnnouncesIsRefused() throws Exception {
    ByteBuffer plan =
        ExecPlan.in(bench.sleeper("c"), Workbench.process(Workbench.program("true")))
            .compile()
            .encode();
    byte[] bytes = new byte[plan.remaining()];
    plan.get(bytes);
    try (Fd socket = connect()) {
      send(socket, Request.exec(Request.EXEC_STDOUT, bytes), List.of());
      assertThat(receive(socket, buffer())).isEqualTo(Message.ERROR);
      send(socket, Request.exec(64, bytes), List.of());
      assertThat(receive(socket, buffer())).isEqualTo(Message.ERROR);
      send(socket, Request.of(Request.KILL_EXEC), List.of());
      assertThat(receive(socket, buffer())).isEqualTo(Message.ERROR);
    }
    assertAlive();
  }

  @Test
  void nobodyAnswersWhereNobodyIs() {
    assertThatThrownBy(() -> bench.client("nobody").status(Workbench.SOON))
        .isInstanceOf(ShimUnreachable.class)
        .hasMessage("no shim listens at " + bench.control("nobody"));
  }
}
