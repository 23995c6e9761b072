package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each in a mount namespace of its own, so that nothing is left. */
@NeedsRoot
final class MountsIT {
  @TempDir Path folder;

  private interface Body {
    void run() throws Exception;
  }

  private static void inside(Body body) throws Exception {
    Namespaces.<Boolean, Exception>inNew(
        EnumSet.of(Namespace.MOUNT),
        () -> {
          Mounts.setPropagation(Path.of("/"), Propagation.PRIVATE, true);
          body.run();
          return true;
        });
  }

  private Path directory(String name) throws Exception {
    return Files.createDirectory(folder.resolve(name));
  }

  @Test
  void mountsBindsRemountsAndUnmounts() throws Exception {
    Path from = directory("from");
    Path to = directory("to");
    inside(() -> {
      Mounts.mount("some", from, "tmpfs", Set.of(MountFlag.NO_SUID), "size=64k,mode=700");
      assertThat(FileSystemStatus.of(from).magic()).isEqualTo(FileSystemStatus.TMPFS);
      assertThat(Entries.status(from).mountRoot()).isTrue();
      Files.writeString(from.resolve("file"), "content");
      Mounts.bind(from, to, false);
      assertThat(to.resolve("file")).hasContent("content");
      Mounts.remountBind(to, EnumSet.of(MountFlag.READ_ONLY));
      assertThatThrownBy(() -> SmallFiles.write(to.resolve("file"), "x"))
          .hasMessageContaining("EROFS");
      SmallFiles.write(from.resolve("file"), "other");
      Mounts.unmount(to, Set.of());
      assertThat(to).isEmptyDirectory();
      assertThatThrownBy(() -> Mounts.unmount(to, Set.of()))
          .hasMessage("unmount " + to + ": invalid argument (EINVAL)");
    });
    assertThat(from).isEmptyDirectory();
  }

  @Test
  void saysWhatItCouldNotMount() throws Exception {
    Path absent = folder.resolve("absent");
    inside(() ->
        assertThatThrownBy(() -> Mounts.mount("x", absent, "tmpfs", Set.of(), ""))
            .hasMessage("mount tmpfs on " + absent + ": no such file or directory (ENOENT)"));
  }

  @Test
  void mountsAnOverlayByTheNewCalls() throws Exception {
    Path lower = directory("lower");
    Path scratch = directory("scratch");
    Path target = directory("target");
    Files.writeString(lower.resolve("a"), "below");
    inside(() -> {
      Mounts.mount("scratch", scratch, "tmpfs", Set.of(), "");
      Files.createDirectories(scratch.resolve("upper"));
      Files.createDirectories(scratch.resolve("work"));
      try (var overlay = FileSystemContext.open("overlay")) {
        overlay.set("source", "mine");
        overlay.set("lowerdir", lower.toString());
        overlay.set("upperdir", scratch.resolve("upper").toString());
        overlay.set("workdir", scratch.resolve("work").toString());
        overlay.set("volatile");
        overlay.create();
        try (Fd mount = overlay.mount(EnumSet.of(MountAttribute.NO_DEVICES))) {
          DetachedMounts.attach(mount, target);
        }
      }
      assertThat(target.resolve("a")).hasContent("below");
      Files.writeString(target.resolve("a"), "above");
      assertThat(lower.resolve("a")).hasContent("below");
    });
  }

  @Test
  void bringsTheKernelsWordsBack() throws Exception {
    inside(() -> {
      assertThatThrownBy(() -> FileSystemContext.open("nosuchfs"))
          .hasMessage("open file system nosuchfs: no such device (ENODEV)");
      try (var tmpfs = FileSystemContext.open("tmpfs")) {
        assertThatThrownBy(() -> tmpfs.set("size", "many"))
            .hasMessageContaining("set size=many of tmpfs: invalid argument (EINVAL): tmpfs: ");
      }
    });
  }

  @Test
  void copiesChangesAndMovesMounts() throws Exception {
    Path from = directory("from");
    Path to = directory("to");
    inside(() -> {
      Mounts.mount("some", from, "tmpfs", Set.of(), "");
      Files.writeString(from.resolve("file"), "content");
      try (Fd copy = DetachedMounts.copy(from, true);
          Fd target = Opens.open(to, EnumSet.of(OpenFlag.PATH))) {
        var readOnly =
            DetachedMounts.Change.setting(
                EnumSet.of(MountAttribute.READ_ONLY, MountAttribute.NO_ACCESS_TIME));
        DetachedMounts.change(copy, readOnly, true);
        DetachedMounts.change(copy, DetachedMounts.Change.propagating(Propagation.PRIVATE), true);
        DetachedMounts.attach(copy, target);
      }
      assertThatThrownBy(() -> SmallFiles.write(to.resolve("file"), "x"))
          .hasMessageContaining("EROFS");
      var writable =
          new DetachedMounts.Change(
              Set.of(),
              Set.of(MountAttribute.READ_ONLY),
              Optional.of(Propagation.SLAVE),
              Optional.empty());
      DetachedMounts.change(to, writable, false);
      SmallFiles.write(to.resolve("file"), "CONTENT");
      Path moved = Files.createDirectory(folder.resolve("moved"));
      Mounts.move(to, moved);
      assertThat(moved.resolve("file")).hasContent("CONTENT");
    });
  }

  @Test
  void mapsTheIdsOfAMount() throws Exception {
    Path from = directory("from");
    Path to = directory("to");
    try (Opens.Pipe ready = Opens.pipe();
        Opens.Pipe end = Opens.pipe();
        Poller poller = new Poller();
        Child child = Child.start(inUserNamespace(ready.writer(), end.reader()))) {
      poller.awaitReadable(ready.reader(), Duration.ofSeconds(30));
      Path process = Path.of("/proc/" + child.pid());
      SmallFiles.write(process.resolve("uid_map"), "0 100000 1000");
      SmallFiles.write(process.resolve("gid_map"), "0 200000 1000");
      try (Fd users = Namespaces.open(process.resolve("ns/user"))) {
        inside(() -> checkIdMap(from, to, users));
      }
      end.writer().close();
      child.await(poller, Duration.ofSeconds(30));
    }
  }

  private static Spawn inUserNamespace(Fd ready, Fd end) {
    return new Spawn(
        Path.of("/usr/bin/unshare"),
        List.of("unshare", "--user", "/bin/sh", "-c", "echo; read line"),
        Map.of("PATH", "/bin"),
        Map.of(0, end, 1, ready),
        false);
  }

  private static void checkIdMap(Path from, Path to, Fd users) throws Exception {
    Mounts.mount("some", from, "tmpfs", Set.of(), "");
    Files.createFile(from.resolve("file"));
    try (Fd copy = DetachedMounts.copy(from, false)) {
      var map = new DetachedMounts.Change(Set.of(), Set.of(), Optional.empty(), Optional.of(users));
      DetachedMounts.change(copy, map, false);
      DetachedMounts.attach(copy, to);
    }
    FileStatus status = Entries.status(to.resolve("file"));
    assertThat(status.uid()).isEqualTo(100000);
    assertThat(status.gid()).isEqualTo(200000);
  }
}
