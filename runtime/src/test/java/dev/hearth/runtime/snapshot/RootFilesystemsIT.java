package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.Xattrs;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
final class RootFilesystemsIT {
  private static final ContainerId ONE = new ContainerId("1".repeat(64));
  private static final ContainerId TWO = new ContainerId("2".repeat(64));

  @TempDir Path temp;
  private final BlockingCalls calls = new BlockingCalls(4);
  private Layers layers;
  private RootFilesystems filesystems;
  private final List<Path> attached = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    layers = Layers.open(temp.resolve("root"));
    filesystems = reopen();
  }

  private RootFilesystems reopen() throws IOException {
    layers = Layers.open(temp.resolve("root"));
    return RootFilesystems.open(
        temp.resolve("root"), temp.resolve("state"), layers, calls, InstantSource.system());
  }

  @AfterEach
  void close() throws Exception {
    for (Path path : attached) {
      Mounts.unmount(path, Set.of(UnmountFlag.DETACH));
    }
    for (ContainerId id : filesystems.list()) {
      filesystems.remove(id);
    }
    filesystems.close();
    calls.close();
    assertThat(mounts()).as("mounts left").isEmpty();
  }

  private List<String> mounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.contains(temp.toString()))
        .toList();
  }

  private Digest layer(TarBytes tar) throws Exception {
    byte[] archive = tar.end();
    Digest diffId = Sha256.of(archive);
    layers.unpack(new ByteArrayInputStream(archive), LayersContract.TAR, diffId);
    return diffId;
  }

  /** Attaches a container's root file system, as its shim would. */
  private Path attach(ContainerId id) throws Exception {
    Path target = Files.createDirectories(temp.resolve("attached-" + attached.size()));
    try (Fd mount = filesystems.mount(id, Optional.empty())) {
      DetachedMounts.attach(mount, target);
    }
    attached.add(target);
    return target;
  }

  @Test
  void stacksLayersAndHidesWhatTheyWhiteOut() throws Exception {
    Digest base =
        layer(
            new TarBytes()
                .file("a", "base")
                .file("b", "base")
                .file("d/x", "base")
                .file("d/y", "base")
                .file("o/x", "base")
                .file("w/x", "base"));
    Digest top =
        layer(
            new TarBytes()
                .file("o/new", "top")
                .file(".wh.a", "")
                .file("d/.wh.x", "")
                .file("o/.wh..wh..opq", "")
                .dir("w")
                .file("w/z", "top")
                .file(".wh.w", ""));
    filesystems.prepare(ONE, List.of(base, top), Optional.empty(), List.of());
    Path root = attach(ONE);

    assertThat(LayersContract.names(root)).containsExactly("b", "d", "o", "w");
    assertThat(LayersContract.names(root.resolve("d"))).containsExactly("y");
    assertThat(LayersContract.names(root.resolve("o"))).containsExactly("new");
    assertThat(LayersContract.names(root.resolve("w"))).containsExactly("z");
    Files.writeString(root.resolve("b"), "written");
    assertThat(root.resolve("b")).hasContent("written");
  }

  @Test
  void mountsALayerOnceForAllContainersAndUnmountsItWithTheLast() throws Exception {
    Digest base = layer(new TarBytes().file("a", "base"));
    filesystems.prepare(ONE, List.of(base), Optional.empty(), List.of());
    filesystems.prepare(TWO, List.of(base), Optional.empty(), List.of());
    assertThat(mounts()).hasSize(layers.format() == LayerFormat.EROFS ? 1 : 0);
    filesystems.remove(ONE);
    filesystems.mount(TWO, Optional.empty()).close();
    assertThat(mounts()).hasSize(layers.format() == LayerFormat.EROFS ? 1 : 0);
    filesystems.remove(TWO);
    assertThat(mounts()).isEmpty();
  }

  @Test
  void freesTheLayersOfOneWhoseFolderSomebodyDeleted() throws Exception {
    Digest base = layer(new TarBytes().file("a", "base"));
    filesystems.prepare(ONE, List.of(base), Optional.empty(), List.of());
    TreeRemoval.remove(temp.resolve("root/snapshots").resolve(ONE.value()));
    filesystems.remove(ONE);
    assertThat(filesystems.list()).isEmpty();
    assertThat(layers.remove(base)).isTrue();
  }

  @Test
  void adoptsMountsOfTheDaemonBefore() throws Exception {
    Digest base = layer(new TarBytes().file("a", "base"));
    Digest other = layer(new TarBytes().file("b", "other"));
    filesystems.prepare(ONE, List.of(base), Optional.empty(), List.of());
    filesystems.prepare(TWO, List.of(other), Optional.empty(), List.of());
    Path running = attach(ONE);
    filesystems.close();
    // The second container's record got lost with the daemon.
    TreeRemoval.remove(temp.resolve("root/snapshots").resolve(TWO.value()));

    filesystems = reopen();

    assertThat(filesystems.list()).containsExactly(ONE);
    assertThat(running.resolve("a")).hasContent("base");
    assertThat(layers.remove(base)).isFalse();
    assertThat(layers.remove(other)).isTrue();
    assertThat(mounts().stream().filter(line -> line.contains("erofs")).count())
        .isEqualTo(layers.format() == LayerFormat.EROFS ? 1 : 0);
  }

  @Test
  void mountsAgainAfterAVolatileMount() throws Exception {
    filesystems.prepare(
        ONE, List.of(layer(new TarBytes().file("a", "base"))), Optional.empty(), List.of());
    Path first = attach(ONE);
    Files.writeString(first.resolve("kept"), "yes");
    Mounts.unmount(attached.removeLast(), Set.of(UnmountFlag.DETACH));
    assertThat(attach(ONE).resolve("kept")).hasContent("yes");
  }

  @Test
  void takesALayerThatComesTwice() throws Exception {
    Digest a = layer(new TarBytes().file("f", "a"));
    Digest b = layer(new TarBytes().file(".wh.f", "").file("g", "b"));
    filesystems.prepare(ONE, List.of(a, b, a), Optional.empty(), List.of());
    assertThat(LayersContract.names(attach(ONE))).containsExactly("f", "g");
  }

  @Test
  void stacksMoreLayersThanFitAPage() throws Exception {
    var diffIds = new ArrayList<Digest>();
    for (int i = 0; i < 130; i++) {
      diffIds.add(layer(new TarBytes().file("f" + i, "x").file("same", "" + i)));
    }
    filesystems.prepare(ONE, diffIds, Optional.empty(), List.of());
    Path root = attach(ONE);
    assertThat(LayersContract.names(root)).hasSize(131);
    assertThat(root.resolve("same")).hasContent("129");
  }

  @Test
  void letsARootHideAllLayersBelow() throws Exception {
    Digest below = layer(new TarBytes().file("f", "a"));
    Digest top = layer(new TarBytes().file("g", "b").file(".wh..wh..opq", ""));
    filesystems.prepare(ONE, List.of(below, top), Optional.empty(), List.of());
    assertThat(LayersContract.names(attach(ONE))).containsExactly("g");
  }

  @Test
  void givesImpliedDirectoriesTheOwnersBelow() throws Exception {
    Digest below =
        layer(
            new TarBytes()
                .mode(0555)
                .header("./", '5', 0)
                .mode(01777)
                .header("tmp/", '5', 0)
                .owner(7, 8)
                .mode(0750)
                .mtime(99)
                .header("home/", '5', 0)
                .header("home/u/", '5', 0)
                .header("gone/", '5', 0));
    Digest hiding = layer(new TarBytes().file(".wh.gone", ""));
    Digest top =
        layer(
            new TarBytes()
                .file("tmp/x", "")
                .file("home/u/y", "")
                .file("gone/z", "")
                .file("new/z", ""));
    filesystems.prepare(ONE, List.of(below, hiding, top), Optional.empty(), List.of());
    Path root = attach(ONE);
    assertThat(mode(root)).isEqualTo("555 0:0");
    assertThat(mode(root.resolve("tmp"))).isEqualTo("1777 0:0");
    assertThat(mode(root.resolve("home"))).isEqualTo("750 7:8");
    assertThat(mode(root.resolve("home/u"))).isEqualTo("750 7:8");
    assertThat(Files.getLastModifiedTime(root.resolve("home/u")).toMillis()).isEqualTo(99_000);
    assertThat(mode(root.resolve("gone"))).isEqualTo("755 0:0");
    assertThat(mode(root.resolve("new"))).isEqualTo("755 0:0");
    assertThat(root.resolve("home/u/y")).exists();
  }

  private static String mode(Path path) throws IOException {
    FileStatus status = Entries.status(path);
    return "%o %d:%d".formatted(status.mode(), status.uid(), status.gid());
  }

  @Test
  void showsAnImagesFilesBeforeTheStart() throws Exception {
    Digest one =
        layer(
            new TarBytes()
                .file("etc/passwd", "root")
                .symlink("etc/group", "/../../etc/passwd")
                .symlink("etc/out", "../../../../../../../../proc/version")
                .fifo("etc/fifo")
                .device("etc/null", '3', 1, 3));
    Digest two = layer(new TarBytes().file("etc/hosts", "h".repeat(100_000)));
    filesystems.prepare(ONE, List.of(one), Optional.empty(), List.of());
    filesystems.prepare(TWO, List.of(one, two), Optional.empty(), List.of());
    for (ContainerId id : List.of(ONE, TWO)) {
      try (RootView view = filesystems.view(id)) {
        assertThat(view.read("/etc/passwd", 100)).hasValue(TarBytes.bytes("root"));
        assertThat(view.read("etc/group", 100)).hasValue(TarBytes.bytes("root"));
        assertThat(view.read("etc/out", 100)).isEmpty();
        assertThat(view.read("etc/fifo", 100)).isEmpty();
        assertThat(view.read("etc/null", 100)).isEmpty();
        assertThat(view.read("etc", 100)).isEmpty();
        if (id.equals(TWO)) {
          assertThat(view.read("etc/hosts", 100_000).orElseThrow()).hasSize(100_000);
          assertThatThrownBy(() -> view.read("etc/hosts", 99_999)).hasMessageContaining("EFBIG");
        }
      }
    }
    assertThat(mounts().stream().filter(line -> line.contains("overlay"))).isEmpty();
  }

  @Test
  void mountsInTheWaysOfOlderKernels() throws Exception {
    Digest one = layer(new TarBytes().file("a", "1"));
    Digest two = layer(new TarBytes().file("b", "2"));
    filesystems.prepare(ONE, List.of(one, two), Optional.empty(), List.of());
    Path upper = temp.resolve("root/snapshots").resolve(ONE.value()).resolve("upper");
    var roots = new ArrayList<Fd>();
    try (Fd up = folder(upper);
        Fd any = folder(temp)) {
      for (Digest diffId : List.of(two, one)) {
        Layer layer = layers.find(diffId).orElseThrow();
        roots.add(
            folder(
                layer.format() == LayerFormat.FOLDER
                    ? layer.folder()
                    : temp.resolve("state/layers").resolve(diffId.hex())));
      }
      OverlayMount newest = OverlayMount.probe(temp.resolve("mounting"), any);
      for (OverlayMount.Way way : OverlayMount.Way.values()) {
        OverlayMount overlay = newest.by(way);
        overlay.create(roots, Optional.empty()).close();
        overlay.create(roots.subList(0, 1), Optional.empty()).close();
        Path target = Files.createDirectories(temp.resolve("way-" + way));
        try (Fd work = folder(Files.createDirectories(temp.resolve("root/work-" + way)));
            Fd mount = overlay.create(roots, Optional.of(new OverlayMount.Writable(up, work)))) {
          DetachedMounts.attach(mount, target);
        }
        attached.add(target);
        Files.writeString(target.resolve("new-" + way), "x");
        assertThat(LayersContract.names(target)).contains("a", "b", "new-" + way);
        Mounts.unmount(attached.removeLast(), Set.of(UnmountFlag.DETACH));
      }
    } finally {
      roots.forEach(Fd::close);
    }
    assertThat(LayersContract.names(upper)).hasSize(OverlayMount.Way.values().length);
  }

  private static Fd folder(Path path) throws IOException {
    return Opens.open(path, Set.of(OpenFlag.PATH, OpenFlag.DIRECTORY));
  }

  @Test
  void cleansUpWhatACrashLeft() throws Exception {
    filesystems.prepare(
        ONE, List.of(layer(new TarBytes().file("a", ""))), Optional.empty(), List.of());
    filesystems.close();
    Path folder = temp.resolve("root/snapshots");
    Files.createDirectories(folder.resolve(".new-" + TWO + "/upper"));
    Files.createDirectories(folder.resolve(".gone-" + TWO + "-1/upper/d"));
    Path torn = Files.createDirectories(folder.resolve(TWO.value()));
    Files.writeString(torn.resolve("layers"), "sha256:12");
    filesystems = reopen();
    assertThat(filesystems.list()).containsExactly(ONE);
    filesystems.close(); // waits for what goes in the background
    assertThat(LayersContract.names(folder)).containsExactly(ONE.value());
    filesystems = reopen();
  }

  @Test
  void removesWhatALargeContainerWroteWithoutAWait() throws Exception {
    filesystems.prepare(
        ONE, List.of(layer(new TarBytes().file("a", ""))), Optional.empty(), List.of());
    Path root = attach(ONE);
    for (int i = 0; i < 1000; i++) {
      Files.createDirectories(root.resolve("d" + i));
    }
    filesystems.remove(ONE);
    assertThat(filesystems.list()).isEmpty();
    assertThat(root.resolve("d1")).exists();
    filesystems.close();
    assertThat(LayersContract.names(temp.resolve("root/snapshots"))).isEmpty();
    Mounts.unmount(attached.removeLast(), Set.of(UnmountFlag.DETACH));
    filesystems = reopen();
  }

  @Test
  void keepsAttributesAndSetuidThroughTheStack() throws Exception {
    Digest one =
        layer(
            new TarBytes()
                .mode(06755)
                .pax("SCHILY.xattr.user.u", "1", "SCHILY.xattr.security.capability", CAPABILITY)
                .file("bin", "x"));
    filesystems.prepare(ONE, List.of(one), Optional.empty(), List.of());
    Path root = attach(ONE);
    assertThat(mode(root.resolve("bin"))).isEqualTo("6755 0:0");
    assertThat(Xattrs.list(root.resolve("bin")))
        .containsExactlyInAnyOrder("user.u", "security.capability");
    Files.setLastModifiedTime(root.resolve("bin"), FileTime.fromMillis(0)); // copies it up
    assertThat(mode(root.resolve("bin"))).isEqualTo("6755 0:0");
    assertThat(Xattrs.list(root.resolve("bin")))
        .containsExactlyInAnyOrder("user.u", "security.capability");
  }

  /** cap_net_raw, permitted and effective, of version 2. */
  private static final String CAPABILITY = "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

  @Test
  void refusesWhatIsNotThere() throws Exception {
    Digest here = layer(new TarBytes().file("a", ""));
    Digest missing = Sha256.of(new byte[1]);
    assertThatThrownBy(
            () -> filesystems.prepare(ONE, List.of(here, missing), Optional.empty(), List.of()))
        .isInstanceOf(SnapshotException.class)
        .hasMessageContaining(missing.hex());
    assertThat(layers.remove(here)).isTrue();
    assertThatThrownBy(() -> filesystems.mount(ONE, Optional.empty()))
        .isInstanceOf(SnapshotException.class);
    assertThatThrownBy(() -> filesystems.view(ONE)).isInstanceOf(SnapshotException.class);
    filesystems.remove(ONE);
  }

  @Test
  void preparesOnceForARepeatedRequest() throws Exception {
    Digest a = layer(new TarBytes().file("a", ""));
    Digest b = layer(new TarBytes().file("b", ""));
    filesystems.prepare(ONE, List.of(a), Optional.empty(), List.of());
    filesystems.prepare(ONE, List.of(a), Optional.empty(), List.of());
    assertThatThrownBy(() -> filesystems.prepare(ONE, List.of(b), Optional.empty(), List.of()))
        .isInstanceOfSatisfying(
            SnapshotException.class,
            e -> assertThat(e.reason()).isEqualTo(SnapshotException.Reason.CONFLICT));
    assertThat(filesystems.layersInUse()).containsExactly(a);
    filesystems.remove(ONE);
    assertThat(filesystems.layersInUse()).isEmpty();
    assertThat(layers.remove(a)).isTrue();
    assertThat(layers.has(a)).isFalse();
  }

  @Test
  void measuresWhatAContainerWrote() throws Exception {
    filesystems.prepare(
        ONE, List.of(layer(new TarBytes().file("a", "base"))), Optional.empty(), List.of());
    Path root = attach(ONE);
    Files.write(root.resolve("big"), new byte[1 << 20]);
    Files.createLink(root.resolve("again"), root.resolve("big"));
    UpperUsage.Measured measured = filesystems.usage(ONE).orElseThrow();
    assertThat(measured.usage().bytes()).isBetween(1L << 20, (1L << 20) + 20_000);
    assertThat(measured.usage().inodes()).isEqualTo(2);
    assertThat(filesystems.usage(TWO)).isEmpty();
  }
}
