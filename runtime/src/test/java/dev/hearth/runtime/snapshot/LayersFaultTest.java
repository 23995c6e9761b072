package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.MountFlag;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, at every stage of a layer. */
@NeedsRoot
final class LayersFaultTest {
  @TempDir Path temp;
  private Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException {
    disk = Files.createDirectory(temp.resolve("disk"));
    Mounts.mount("tmpfs", disk, "tmpfs", Set.of(MountFlag.NO_DEVICES), "size=4m,nr_inodes=300");
    mounted = true;
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted) {
      Mounts.unmount(disk, Set.of(UnmountFlag.DETACH));
    }
  }

  private static byte[] archive(int files, int bytesEach) {
    var tar = new TarBytes();
    for (int i = 0; i < files; i++) {
      tar.file("d" + i % 7 + "/f" + i, "x".repeat(bytesEach));
    }
    return tar.end();
  }

  private void failsAndRecovers(LayerFormat format, byte[] tooLarge) throws Exception {
    Layers layers = Layers.open(disk, format, LayerLimits.DEFAULT);
    Digest diffId = Sha256.of(tooLarge);
    assertThatThrownBy(
            () -> layers.unpack(new ByteArrayInputStream(tooLarge), LayersContract.TAR, diffId))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("o space left");
    assertThat(LayersContract.names(disk.resolve("layers"))).isEmpty();
    byte[] small = archive(10, 100);
    layers.unpack(new ByteArrayInputStream(small), LayersContract.TAR, Sha256.of(small));
    assertThat(layers.list()).hasSize(1);
    layers.remove(Sha256.of(small));
  }

  @Test
  void leavesNothingOfAnImageOnAFullDisk() throws Exception {
    failsAndRecovers(LayerFormat.EROFS, archive(10, 500_000));
    // The content fits, the names do not.
    failsAndRecovers(LayerFormat.EROFS, archive(1000, 4000));
  }

  @Test
  void leavesNothingOfAFolderOnAFullDisk() throws Exception {
    failsAndRecovers(LayerFormat.FOLDER, archive(10, 500_000));
    failsAndRecovers(LayerFormat.FOLDER, archive(400, 10));
  }

  @Test
  void reportsAFullDiskForWhatIsKeptBesideTheHeap() throws Exception {
    failsAndRecovers(LayerFormat.EROFS, archive(60_000, 0));
  }
}
