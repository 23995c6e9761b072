package dev.hearth.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LayerArchiveTest {
  private static final LayerArchive.Limits LIMITS =
      new LayerArchive.Limits(10, 2, 3, 1000, Duration.ofMinutes(1));

  @TempDir Path folder;
  private Path upper = Path.of("");

  @BeforeEach
  void makeFolder() throws IOException {
    upper = Files.createDirectory(folder.resolve("upper"));
  }

  @Test
  void whatIsWithinTheLimitsIsWritten() throws IOException {
    Files.createDirectories(upper.resolve("a/b"));
    Files.writeString(upper.resolve("a/b/c"), "some text");
    Files.createLink(upper.resolve("d"), upper.resolve("a/b/c"));
    assertThat(write(LIMITS)).containsExactlyInAnyOrder("./", "a", "a/b", "a/b/c", "d");
  }

  @Test
  void tooManyFilesAreRefused() throws IOException {
    for (int i = 0; i <= LIMITS.entries(); i++) {
      Files.createFile(upper.resolve("file" + i));
    }
    assertRefused(LIMITS, "more than 10 files");
  }

  @Test
  void tooManyFilesWithSeveralNamesAreRefused() throws IOException {
    for (int i = 0; i <= LIMITS.linked(); i++) {
      Path file = Files.createFile(upper.resolve("file" + i));
      Files.createLink(upper.resolve("link" + i), file);
    }
    assertRefused(LIMITS, "several names");
  }

  @Test
  void foldersTooDeepAreRefused() throws IOException {
    Files.createDirectories(upper.resolve("1/2/3/4"));
    assertRefused(LIMITS, "deep");
  }

  @Test
  void aFileOfHolesIsRefusedBeforeItFillsTheDisk() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(upper.resolve("holes").toFile(), "rw")) {
      file.setLength(1L << 40);
    }
    assertRefused(LIMITS, "holes");
    assertThat(Files.size(folder.resolve("layer.tar"))).isLessThan(1 << 20);
  }

  @Test
  void writingEndsWithItsTime() throws IOException {
    Files.createFile(upper.resolve("file"));
    assertRefused(new LayerArchive.Limits(10, 2, 3, 1000, Duration.ofSeconds(-1)), "not written");
  }

  private void assertRefused(LayerArchive.Limits limits, String why) {
    assertThatThrownBy(() -> write(limits))
        .isInstanceOfSatisfying(
            CheckpointException.class,
            e -> assertThat(e.reason()).isEqualTo(CheckpointException.Reason.NOT_SAVED))
        .hasMessageContaining(why);
  }

  private List<String> write(LayerArchive.Limits limits) throws IOException {
    Path file = folder.resolve("layer.tar");
    LayerArchive.write(upper, file, limits);
    List<String> names = new ArrayList<>();
    try (var tar = new TarArchiveInputStream(Files.newInputStream(file))) {
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        names.add(entry.getName());
      }
    }
    return names;
  }
}
