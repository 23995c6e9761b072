package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemStatus;
import dev.hearth.linux.MountFlag;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk on which the nth file is one too many, for n = 0, 1, 2, … until all succeeds. */
@NeedsRoot
final class RootFilesystemsFaultTest {
  private static final ContainerId ONE = new ContainerId("1".repeat(64));

  @TempDir Path temp;
  private final BlockingCalls calls = new BlockingCalls(2);
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException {
    Files.createDirectories(root().resolve("snapshots"));
    Mounts.mount("tmpfs", root().resolve("snapshots"), "tmpfs", Set.of(), "nr_inodes=1000");
    mounted = true;
  }

  @AfterEach
  void unmount() throws IOException {
    calls.close();
    for (String line : layerMounts()) {
      Mounts.unmount(Path.of(line.split(" ", -1)[4]), Set.of(UnmountFlag.DETACH));
    }
    if (mounted) {
      Mounts.unmount(root().resolve("snapshots"), Set.of(UnmountFlag.DETACH));
    }
  }

  private Path root() {
    return temp.resolve("root");
  }

  private void allow(long moreInodes) throws IOException {
    Path disk = root().resolve("snapshots");
    FileSystemStatus status = FileSystemStatus.of(disk);
    long used = status.inodes() - status.freeInodes();
    Mounts.mount(
        "tmpfs", disk, "tmpfs", Set.of(MountFlag.REMOUNT), "nr_inodes=" + (used + moreInodes));
  }

  private List<String> layerMounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.contains(temp.resolve("state").toString()))
        .toList();
  }

  private static int descriptors() throws IOException {
    return LayersContract.names(Path.of("/proc/self/fd")).size();
  }

  private interface Step {
    void run() throws Exception;
  }

  /** Allows ever more files until the step succeeds; returns how many times it failed. */
  private int failUntilItSucceeds(Step step, Step afterFailure) throws Exception {
    for (int n = 0; n < 50; n++) {
      allow(n);
      int before = descriptors();
      try {
        step.run();
        return n;
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("o space left");
        assertThat(descriptors()).as("descriptors left after failure %d", n).isEqualTo(before);
        afterFailure.run();
      }
    }
    throw new AssertionError("it never succeeded");
  }

  @Test
  void leavesNothingWhenTheDiskIsFullAndSucceedsWhenItIsNot() throws Exception {
    Layers layers = Layers.open(root());
    byte[] below = new TarBytes().owner(5, 5).dir("home").dir("home/u").end();
    byte[] above = new TarBytes().file("home/u/f", "x").end();
    for (byte[] archive : List.of(below, above)) {
      layers.unpack(new ByteArrayInputStream(archive), LayersContract.TAR, Sha256.of(archive));
    }
    List<Digest> stack = List.of(Sha256.of(below), Sha256.of(above));
    var filesystems =
        RootFilesystems.open(root(), temp.resolve("state"), layers, calls, InstantSource.system());
    int prepareFailures =
        failUntilItSucceeds(
            () -> filesystems.prepare(ONE, stack, Optional.empty(), List.of()),
            () -> {
              assertThat(LayersContract.names(root().resolve("snapshots"))).isEmpty();
              assertThat(filesystems.list()).isEmpty();
              assertThat(layerMounts()).isEmpty();
            });
    assertThat(prepareFailures).isGreaterThanOrEqualTo(4);
    int mountFailures =
        failUntilItSucceeds(
            () -> {
              try (Fd mount = filesystems.mount(ONE, Optional.empty())) {
                assertThat(mount.isClosed()).isFalse();
              }
            },
            () -> assertThat(filesystems.list()).containsExactly(ONE));
    assertThat(mountFailures).isPositive();
    filesystems.remove(ONE);
    assertThat(LayersContract.names(root().resolve("snapshots"))).isEmpty();
    assertThat(layerMounts()).isEmpty();
    assertThat(layers.remove(stack.getFirst())).isTrue();
    filesystems.close();
  }
}
