package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class UnixSocketsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(UnixSockets.Kind.class)
  void connectsAtPathsOfAnyLength(UnixSockets.Kind kind) throws Exception {
    Path deep = Files.createDirectories(folder.resolve("x".repeat(200)).resolve("y".repeat(200)));
    for (Path path : List.of(folder.resolve("s"), deep.resolve("socket-é"))) {
      try (Fd listener = UnixSockets.listen(path, kind, 0600, 5)) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .isEqualTo("rw-------");
        assertThat(UnixSockets.accept(listener)).isEmpty();
        try (Fd client = UnixSockets.connect(path, kind);
            Fd server = UnixSockets.accept(listener).orElseThrow()) {
          assertThat(UnixSockets.peer(server).pid()).isEqualTo(Processes.self());
          Descriptors.writeAll(client, OpensTest.bytes("hello"));
          ByteBuffer got = ByteBuffer.allocate(10);
          assertThat(Descriptors.read(server, got)).isEqualTo(5);
          assertThat(Descriptors.read(server, got)).isZero();
          UnixSockets.shutdown(client, UnixSockets.Direction.WRITE);
          assertThat(Descriptors.read(server, got)).isEqualTo(-1);
        }
      }
      assertThatThrownBy(() -> UnixSockets.connect(path, kind))
          .hasMessage("connect to " + path + ": connection refused (ECONNREFUSED)");
    }
  }

  @Test
  void knowsWhereItListens() throws Exception {
    Path path = folder.resolve("socket");
    try (Fd listener = UnixSockets.listen(path, UnixSockets.Kind.STREAM, 0660, 1);
        UnixSockets.Pair pair = UnixSockets.pair(UnixSockets.Kind.STREAM)) {
      assertThat(UnixSockets.localPath(listener)).isEqualTo(path.toString());
      assertThat(UnixSockets.localPath(pair.first())).isEmpty();
      assertThatThrownBy(() -> UnixSockets.listen(path, UnixSockets.Kind.STREAM, 0600, 1))
          .hasMessage("listen at " + path + ": address already in use (EADDRINUSE)");
    }
  }

  @Test
  void refusesANameNoAddressCanHold() {
    Path path = folder.resolve("n".repeat(120));
    assertThatThrownBy(() -> UnixSockets.listen(path, UnixSockets.Kind.STREAM, 0600, 1))
        .hasMessageContaining("ENAMETOOLONG");
  }

  @ParameterizedTest
  @EnumSource(UnixSockets.Kind.class)
  void carriesDescriptorsAndCredentials(UnixSockets.Kind kind) throws Exception {
    try (UnixSockets.Pair pair = UnixSockets.pair(kind);
        Fd first = Opens.memory("first");
        Fd second = Opens.memory("second")) {
      UnixSockets.setPassCredentials(pair.second(), true);
      Descriptors.setNonBlocking(pair.second(), true);
      ByteBuffer message = OpensTest.bytes("two");
      assertThat(SocketMessages.send(pair.first(), message, List.of(first, second))).isEqualTo(3);
      assertThat(message.hasRemaining()).isFalse();
      ByteBuffer got = ByteBuffer.allocate(10);
      try (var received = SocketMessages.receive(pair.second(), got, 2)) {
        assertThat(received.bytes()).isEqualTo(3);
        assertThat(OpensTest.text(got)).isEqualTo("two");
        assertThat(received.descriptors()).hasSize(2);
        assertThat(Entries.status(received.descriptors().get(1)).sameFile(Entries.status(second)))
            .isTrue();
        assertThat(received.sender().orElseThrow().pid()).isEqualTo(Processes.self());
        assertThat(Files.readString(fdInfo(received.descriptors().get(0))))
            .containsPattern("flags:\\s+0?2[0-7]{6}\\n");
      }
      assertThat(SocketMessages.receive(pair.second(), got, 2).bytes()).isZero();
      pair.first().close();
      assertThat(SocketMessages.receive(pair.second(), got, 2).bytes()).isEqualTo(-1);
      assertThatThrownBy(() -> SocketMessages.send(pair.second(), OpensTest.bytes("x"), List.of()))
          .hasMessage("send to socket pair: broken pipe (EPIPE)");
    }
  }

  @Test
  void saysWhatWasLost() throws Exception {
    try (UnixSockets.Pair pair = UnixSockets.pair(UnixSockets.Kind.SEQUENCED_PACKETS);
        Fd memory = Opens.memory("lost")) {
      List<Fd> many = Collections.nCopies(100, memory);
      List<Fd> tooMany = Collections.nCopies(SocketMessages.MAX_DESCRIPTORS + 1, memory);
      int before = openDescriptors();
      SocketMessages.send(pair.first(), OpensTest.bytes("long message"), many);
      ByteBuffer small = ByteBuffer.allocate(4);
      try (var received = SocketMessages.receive(pair.second(), small, 1)) {
        assertThat(OpensTest.text(small)).isEqualTo("long");
        assertThat(received.bytesLost()).isTrue();
        assertThat(received.descriptorsLost()).isTrue();
      }
      assertThat(openDescriptors()).isEqualTo(before);
      assertThatThrownBy(() -> SocketMessages.send(pair.first(), OpensTest.bytes("x"), tooMany))
          .hasMessageContaining("EINVAL");
    }
  }

  private static int openDescriptors() throws Exception {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return (int) list.count();
    }
  }

  private static Path fdInfo(Fd fd) {
    return Path.of("/proc/self/fdinfo/" + fd.number());
  }
}
