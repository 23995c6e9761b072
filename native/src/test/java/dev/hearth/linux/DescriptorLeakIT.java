package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What fails leaves no descriptor open, and no file or process behind. */
@NeedsRoot
final class DescriptorLeakIT {
  @TempDir Path folder;

  private List<String> before;

  @BeforeEach
  void remember() throws Exception {
    NativeCalls.load();
    before = open();
  }

  private void fails(Errno errno, ThrowingCallable call) throws Exception {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(errno.number()));
    assertThat(open()).isEqualTo(before);
  }

  private static List<String> open() throws Exception {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void sockets() throws Exception {
    Path absent = folder.resolve("absent/" + "x".repeat(120));
    UnixSockets.Kind kind = UnixSockets.Kind.STREAM;
    fails(Errno.ENOENT, () -> UnixSockets.listen(absent, kind, 0600, 1));
    fails(Errno.ENOENT, () -> UnixSockets.connect(absent, kind));
    Path file = Files.createFile(folder.resolve("file"));
    fails(Errno.EADDRINUSE, () -> UnixSockets.listen(file, kind, 0600, 1));
    fails(Errno.ECONNREFUSED, () -> UnixSockets.connect(file, kind));
    assertThat(file).exists();
  }

  @Test
  void messagesWithAClosedDescriptor() throws Exception {
    try (UnixSockets.Pair pair = UnixSockets.pair(UnixSockets.Kind.STREAM);
        Fd open = Opens.memory("open")) {
      before = open();
      Fd closed = Opens.memory("closed");
      closed.close();
      ByteBuffer message = OpensTest.bytes("x");
      fails(Errno.EBADF, () -> SocketMessages.send(pair.first(), message, List.of(open, closed)));
      assertThat(message.remaining()).isEqualTo(1);
    }
  }

  @Test
  void processes() throws Exception {
    Fd closed = Opens.memory("closed");
    try (Fd low = Opens.memory("low")) {
      before = open();
      // The low one must be moved out of the way first, which is undone again.
      Map<Integer, Fd> map = Map.of(low.number() + 1, low, low.number(), closed);
      fails(Errno.ENOENT, () -> Child.start(spawn("/nowhere", map)));
      fails(Errno.EACCES, () -> Child.start(spawn("/etc/passwd", map)));
      closed.close();
      before = open();
      fails(Errno.EBADF, () -> Child.start(spawn("/bin/true", map)));
      Spawn nul = new Spawn(Path.of("/bin/true"), List.of("x\0"), Map.of(), Map.of(1, low), false);
      fails(Errno.EINVAL, () -> Child.start(nul));
    }
    assertThatThrownBy(() -> Processes.tryReap(-1)).hasMessageContaining("ECHILD");
  }

  private static Spawn spawn(String program, Map<Integer, Fd> descriptors) {
    return new Spawn(Path.of(program), List.of("x"), Map.of(), descriptors, true);
  }

  @Test
  void pinsAndMounts() throws Exception {
    Path pin = folder.resolve("pin");
    try (Fd memory = Opens.memory("no namespace")) {
      before = open();
      fails(
          Errno.EINVAL,
          () ->
              Namespaces.<Boolean, LinuxException>inside(
                  Map.of(Namespace.NETWORK, memory), () -> true));
    }
    before = open();
    fails(Errno.ENOENT, () -> Namespaces.pin(Namespace.NETWORK, folder.resolve("absent/pin")));
    fails(
        Errno.EINVAL,
        () ->
            Namespaces.<Boolean, LinuxException>inNew(
                EnumSet.of(Namespace.MOUNT),
                () -> {
                  Namespaces.pin(Namespace.MOUNT, pin);
                  return true;
                }));
    assertThat(pin).doesNotExist();
    fails(Errno.ENOENT, () -> DetachedMounts.copy(folder.resolve("absent"), true));
    fails(
        Errno.EINVAL,
        () -> {
          try (var overlay = FileSystemContext.open("overlay")) {
            overlay.create();
          }
        });
  }
}
