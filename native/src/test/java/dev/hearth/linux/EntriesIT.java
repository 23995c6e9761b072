package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
final class EntriesIT {
  @TempDir Path folder;

  private Fd dir;

  @BeforeEach
  void openFolder() throws LinuxException {
    dir = Opens.open(folder, EnumSet.of(OpenFlag.PATH, OpenFlag.DIRECTORY));
  }

  @AfterEach
  void closeFolder() {
    dir.close();
  }

  @Test
  void makesEveryKindOfEntry() throws IOException {
    Entries.makeDirectory(dir, "d", 0700);
    Entries.makeNode(dir, "d/null", FileType.CHARACTER_DEVICE, 0600, new Device(1, 3).number());
    Entries.makeNode(dir, "fifo", FileType.PIPE, 0640, 0);
    Entries.makeNode(dir, "file", FileType.REGULAR, 0644, 0);
    Entries.makeLink(dir, "link", "d/é");
    Entries.makeHardLink(dir, "file", dir, "hard");

    FileStatus device = Entries.status(dir, "d/null");
    assertThat(device.type()).isEqualTo(FileType.CHARACTER_DEVICE);
    assertThat(device.special()).hasToString("1:3");
    assertThat(device.mode()).isEqualTo(0600);
    assertThat(Entries.status(dir, "fifo").type()).isEqualTo(FileType.PIPE);
    assertThat(Entries.readLink(dir, "link")).isEqualTo("d/é");
    FileStatus hard = Entries.status(dir, "hard");
    assertThat(hard.links()).isEqualTo(2);
    assertThat(hard.sameFile(Entries.status(folder.resolve("file")))).isTrue();
    assertThatThrownBy(() -> Entries.makeDirectory(dir, "d", 0))
        .hasMessage("make directory " + folder + "/d: file exists (EEXIST)");
  }

  @Test
  void keepsNamesThatAreNoUtf8() throws IOException {
    String odd = Sys.decode(new byte[] {'a', (byte) 0xFF, 'b'}, 0, 3);
    Entries.makeDirectory(dir, odd, 0755);
    assertThat(Entries.status(dir, odd).type()).isEqualTo(FileType.DIRECTORY);
    Entries.removeDirectory(dir, odd);
  }

  @Test
  void setsOwnerModeAndTimeOfLinksAndFiles() throws IOException {
    Entries.makeNode(dir, "file", FileType.REGULAR, 0644, 0);
    Entries.makeLink(dir, "link", "file");
    Instant time = Instant.ofEpochSecond(1_000_000_000, 123_456_789);
    Entries.setOwner(dir, "link", 7, 8);
    Entries.setModified(dir, "link", time);
    Entries.setMode(dir, "file", 04711);
    FileStatus link = Entries.status(dir, "link");
    assertThat(link.uid()).isEqualTo(7);
    assertThat(link.gid()).isEqualTo(8);
    assertThat(link.modified()).isEqualTo(time);
    FileStatus file = Entries.status(dir, "file");
    assertThat(file.uid()).isZero();
    assertThat(file.mode()).isEqualTo(04711);

    try (Fd open = Opens.openAt(dir, "file", EnumSet.of(OpenFlag.READ_WRITE), 0)) {
      Entries.setOwner(open, 70000, 80000);
      Entries.setMode(open, 0600);
      Entries.setModified(open, Instant.EPOCH);
      FileStatus now = Entries.status(open);
      assertThat(now.uid()).isEqualTo(70000);
      assertThat(now.mode()).isEqualTo(0600);
      assertThat(now.modified()).isEqualTo(Instant.EPOCH);
    }
  }

  @Test
  void renamesAsTold() throws IOException {
    Files.writeString(folder.resolve("a"), "a");
    Files.writeString(folder.resolve("b"), "b");
    assertThatThrownBy(() -> Entries.rename(dir, "a", dir, "b", Entries.IfPresent.FAIL))
        .hasMessage("rename %s/a to %s/b: file exists (EEXIST)".formatted(folder, folder));
    Entries.rename(dir, "a", dir, "b", Entries.IfPresent.EXCHANGE);
    assertThat(folder.resolve("a")).hasContent("b");
    Entries.rename(dir, "a", dir, "b", Entries.IfPresent.REPLACE);
    assertThat(folder.resolve("b")).hasContent("b");
    Entries.remove(dir, "b");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void carriesExtendedAttributes() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    byte[] large = new byte[3000];
    large[2999] = 1;
    Xattrs.set(file, "trusted.small", new byte[] {1, 2});
    try (Fd open = Opens.open(file, EnumSet.of(OpenFlag.READ_ONLY))) {
      Xattrs.set(open, "trusted.large", large);
      assertThat(Xattrs.get(open, "trusted.small")).hasValue(new byte[] {1, 2});
      assertThat(Xattrs.list(open)).contains("trusted.small", "trusted.large");
      Xattrs.remove(open, "trusted.small");
    }
    assertThat(Xattrs.get(file, "trusted.large")).hasValue(large);
    assertThat(Xattrs.get(file, "trusted.small")).isEmpty();
    assertThat(Xattrs.list(file)).contains("trusted.large").doesNotContain("trusted.small");
    assertThatThrownBy(() -> Xattrs.remove(file, "trusted.small"))
        .hasMessage("remove attribute trusted.small of " + file + ": no data available (ENODATA)");
  }

  @Test
  void knowsItsFileSystem() throws IOException {
    assertThat(FileSystemStatus.of(Path.of("/proc")).magic()).isEqualTo(FileSystemStatus.PROC);
    try (Fd open = Opens.open(folder, EnumSet.of(OpenFlag.READ_ONLY))) {
      FileSystemStatus status = FileSystemStatus.of(open);
      assertThat(status.blocks() * status.blockSize())
          .isEqualTo(Files.getFileStore(folder).getTotalSpace());
      assertThat(status.magic()).isEqualTo(FileSystemStatus.of(folder).magic());
    }
  }
}
