package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OpensTest {
  private static final Set<OpenFlag> DIRECTORY = EnumSet.of(OpenFlag.PATH, OpenFlag.DIRECTORY);

  @TempDir Path folder;

  @Test
  void writesAndReadsAFile() throws IOException {
    Path path = folder.resolve("ü");
    try (Fd fd = Opens.open(path, EnumSet.of(OpenFlag.CREATE, OpenFlag.READ_WRITE), 0640)) {
      Descriptors.writeAll(fd, bytes("hello"));
      assertThat(Descriptors.read(fd, ByteBuffer.allocate(1))).isEqualTo(-1);
      ByteBuffer heap = ByteBuffer.allocate(10);
      assertThat(Descriptors.read(fd, heap, 1)).isEqualTo(4);
      assertThat(text(heap)).isEqualTo("ello");
      ByteBuffer direct = ByteBuffer.allocateDirect(10).put((byte) '>');
      Descriptors.seek(fd, 2);
      assertThat(Descriptors.read(fd, direct)).isEqualTo(3);
      assertThat(text(direct)).isEqualTo(">llo");
      assertThat(Descriptors.write(fd, bytes("J"), 0)).isEqualTo(1);
      Descriptors.truncate(fd, 4);
      Descriptors.allocate(fd, 0, 10, true);
      Descriptors.syncData(fd);
    }
    assertThat(path).hasContent("Jell");
  }

  @Test
  void closesOnExec() throws IOException {
    try (Fd fd = Opens.open(Path.of("/dev/null"), EnumSet.of(OpenFlag.READ_ONLY));
        Fd copy = Descriptors.duplicate(fd, 500)) {
      assertThat(copy.number()).isGreaterThanOrEqualTo(500);
      for (Fd each : List.of(fd, copy)) {
        assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + each.number())))
            .containsPattern("flags:\\s+0?2[0-7]{6}\\n");
      }
    }
  }

  @Test
  void saysWhatItCouldNotOpen() {
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> Opens.open(absent, EnumSet.of(OpenFlag.READ_ONLY)))
        .hasMessage("open " + absent + ": no such file or directory (ENOENT)");
  }

  @Test
  void staysInsideTheRoot() throws IOException {
    Files.createDirectory(folder.resolve("root"));
    Files.writeString(folder.resolve("secret"), "outside");
    Files.writeString(folder.resolve("root/secret"), "inside");
    Files.createSymbolicLink(folder.resolve("root/up"), Path.of("../../../secret"));
    Files.createSymbolicLink(folder.resolve("root/absolute"), Path.of("/secret"));
    try (Fd root = Opens.open(folder.resolve("root"), DIRECTORY)) {
      for (String name : List.of("up", "absolute", "../secret", "/secret")) {
        try (Fd fd =
            Opens.openIn(
                root, name, EnumSet.of(OpenFlag.READ_ONLY), EnumSet.of(ResolveFlag.IN_ROOT))) {
          ByteBuffer content = ByteBuffer.allocate(20);
          Descriptors.read(fd, content);
          assertThat(text(content)).isEqualTo("inside");
        }
        assertThatThrownBy(() -> open(root, name, ResolveFlag.BENEATH))
            .hasMessageContaining("EXDEV");
      }
      assertThatThrownBy(() -> open(root, "up", ResolveFlag.NO_LINKS))
          .hasMessage("open " + folder + "/root/up: too many levels of symbolic links (ELOOP)");
    }
  }

  private static void open(Fd root, String name, ResolveFlag flag) throws LinuxException {
    Opens.openIn(root, name, EnumSet.of(OpenFlag.READ_ONLY), EnumSet.of(flag)).close();
  }

  @Test
  void answersZeroWhenAPipeHasNothing() throws IOException {
    try (Opens.Pipe pipe = Opens.pipe()) {
      Descriptors.setNonBlocking(pipe.reader(), true);
      Descriptors.setNonBlocking(pipe.writer(), true);
      assertThat(Descriptors.read(pipe.reader(), ByteBuffer.allocate(10))).isZero();
      Descriptors.setPipeCapacity(pipe.writer(), 4096);
      ByteBuffer much = ByteBuffer.allocateDirect(10_000);
      assertThat(Descriptors.write(pipe.writer(), much)).isEqualTo(4096);
      assertThat(much.position()).isEqualTo(4096);
      assertThat(Descriptors.write(pipe.writer(), much)).isZero();
      pipe.reader().close();
      assertThatThrownBy(() -> Descriptors.write(pipe.writer(), much))
          .hasMessage("write pipe (write end): broken pipe (EPIPE)");
    }
  }

  @Test
  void pollsForTheReadyOne() throws IOException {
    try (Opens.Pipe idle = Opens.pipe();
        Opens.Pipe busy = Opens.pipe()) {
      var interests =
          List.of(
              new Descriptors.Interest(idle.reader(), true, false),
              new Descriptors.Interest(busy.reader(), true, false));
      assertThat(Descriptors.poll(interests, Duration.ZERO)).isEmpty();
      Descriptors.writeAll(busy.writer(), bytes("x"));
      assertThat(Descriptors.poll(interests, Duration.ofSeconds(5))).contains(1);
    }
  }

  @Test
  void sealsAMemoryFile() throws IOException {
    try (Fd memory = Opens.memory("plan")) {
      Descriptors.writeAll(memory, bytes("plan"));
      Descriptors.seal(memory);
      assertThatThrownBy(() -> Descriptors.writeAll(memory, bytes("x")))
          .hasMessage("write memory file plan: operation not permitted (EPERM)");
    }
  }

  @Test
  void locksOnceAndAgainAfterUnlocking() throws IOException {
    Path path = Files.createFile(folder.resolve("lock"));
    try (Fd first = Opens.open(path, EnumSet.of(OpenFlag.READ_WRITE));
        Fd second = Opens.open(path, EnumSet.of(OpenFlag.READ_WRITE))) {
      assertThat(Descriptors.tryLock(first, true)).isTrue();
      assertThat(Descriptors.tryLock(second, false)).isFalse();
      Descriptors.unlock(first);
      assertThat(Descriptors.tryLock(second, false)).isTrue();
    }
  }

  @Test
  void countsEvents() throws IOException {
    try (Fd events = Opens.eventCounter()) {
      ByteBuffer number = ByteBuffer.allocate(8);
      assertThat(Descriptors.read(events, number)).isZero();
      number.order(java.nio.ByteOrder.nativeOrder()).putLong(0, 3);
      Descriptors.writeAll(events, number.duplicate());
      assertThat(Descriptors.read(events, number)).isEqualTo(8);
      assertThat(number.getLong(0)).isEqualTo(3);
    }
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(ByteBuffer buffer) {
    return StandardCharsets.UTF_8.decode(buffer.duplicate().flip()).toString();
  }
}
