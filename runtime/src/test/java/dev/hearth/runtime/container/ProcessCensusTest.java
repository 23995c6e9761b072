package dev.hearth.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessCensusTest {
  @TempDir Path proc;

  private void process(int pid, String softOpenFiles, String... open) throws Exception {
    Path descriptors = Files.createDirectories(proc.resolve(pid + "/fd"));
    for (int i = 0; i < open.length; i++) {
      Files.createSymbolicLink(descriptors.resolve(Integer.toString(i)), Path.of(open[i]));
    }
    Files.writeString(
        proc.resolve(pid + "/limits"),
        """
        Limit                     Soft Limit           Hard Limit           Units
        Max cpu time              unlimited            unlimited            seconds
        Max open files            %-20s 1048576              files
        """
            .formatted(softOpenFiles));
  }

  @Test
  void countsWhatAllProcessesHaveOpen() throws Exception {
    process(7, "1024", "/dev/null", "socket:[1]", "pipe:[2]");
    process(8, "64", "socket:[1]", "socket:[3]");

    ProcessCensus census = ProcessCensus.of(proc, List.of(7, 8), 7);

    assertThat(census.processes()).isEqualTo(2);
    assertThat(census.descriptors()).isEqualTo(5);
    assertThat(census.sockets()).isEqualTo(3);
    assertThat(census.softOpenFiles()).hasValue(1024);
  }

  @Test
  void aProcessThatHasEndedHasNothingOpen() throws Exception {
    process(7, "unlimited", "/dev/null");

    ProcessCensus census = ProcessCensus.of(proc, List.of(7, 9), 7);

    assertThat(census.descriptors()).isEqualTo(1);
    assertThat(census.softOpenFiles()).isEmpty();
    assertThat(ProcessCensus.of(proc, List.of(), 9).softOpenFiles()).isEmpty();
  }
}
