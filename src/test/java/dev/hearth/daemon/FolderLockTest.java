package dev.hearth.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir Path directory;

  @Test
  void aBridgesLockIsItsOwnersAlone() throws Exception {
    Path locks = directory.resolve("bridges");
    try (FolderLock _ = FolderLock.takeBridge(locks, "one");
        FolderLock _ = FolderLock.takeBridge(locks, "two");
        Stream<Path> folders = Files.list(locks)) {
      List<Path> both = folders.toList();
      assertThat(both).hasSize(2).allMatch(folder -> Files.exists(folder.resolve("lock")));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(locks)))
          .isEqualTo("rwx------");
    }
  }
}
