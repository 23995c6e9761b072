package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Processes;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;

@NeedsRoot
class ProgramCopyIT extends ContainerTest {
  private byte[] content() throws Exception {
    return Files.readAllBytes(program());
  }

  @Test
  void whereMemoryFilesCannotBeRunContainersStartFromAFileAllTheSame() throws Exception {
    try (ShimLauncher launcher =
        new ShimLauncher(bench.poller, ProgramCopy.onReadOnlyDisk(content()))) {
      LaunchPlan plan = bench.plan("c", Workbench.shell("exit 3"));
      launcher.launch(plan, Workbench.SOON);
      assertThat(bench.awaitEnd(plan).code()).isEqualTo(3);
    }
  }

  @Test
  void nobodyCanWriteToACopy() throws Exception {
    try (Fd memory = ProgramCopy.inMemory(content());
        Fd file = ProgramCopy.onReadOnlyDisk(content())) {
      for (Fd copy : new Fd[] {memory, file}) {
        Path path = Path.of("/proc/" + Processes.self() + "/fd/" + copy.number());
        assertThat(Files.readAllBytes(path)).isEqualTo(content());
        assertThatThrownBy(() -> Files.write(path, new byte[1], StandardOpenOption.WRITE))
            .hasMessageMatching(".*(Read-only file system|Operation not permitted).*");
      }
    }
  }
}
