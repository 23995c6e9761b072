package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hearth.linux.testing.NeedsRoot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@NeedsRoot
final class BpfIT {
  private static final long SET_RESULT_0 = 0xB7L;
  private static final long EXIT = 0x95L;

  @Test
  void refusesDevicesInACgroup() throws Exception {
    Path root = unified();
    assumeTrue(root.isAbsolute(), "no cgroup version 2 is mounted");
    Path group = Files.createDirectory(root.resolve("hearth-bpf-" + UUID.randomUUID()));
    try (Fd folder = Opens.open(group, EnumSet.of(OpenFlag.DIRECTORY));
        Fd program = Bpf.loadDeviceProgram(program(SET_RESULT_0, EXIT));
        Poller poller = new Poller()) {
      Bpf.attachDeviceProgram(folder, program);
      String script = "echo $$ > '" + group + "/cgroup.procs' && ! (exec 3< /dev/zero)";
      Spawn spawn =
          new Spawn(Path.of("/bin/sh"), List.of("sh", "-c", script), Map.of(), Map.of(), false);
      try (Child child = Child.start(spawn)) {
        assertThat(child.await(poller, Duration.ofSeconds(30))).isEqualTo(new ExitStatus.Exited(0));
      }
    } finally {
      Files.delete(group);
    }
  }

  @Test
  void tellsWhatTheVerifierSays() {
    assertThatThrownBy(() -> Bpf.loadDeviceProgram(program(EXIT)))
        .hasMessageStartingWith("load device program: ")
        .hasMessageContaining("R0 !read_ok");
  }

  private static byte[] program(long... instructions) {
    ByteBuffer bytes = ByteBuffer.allocate(instructions.length * 8).order(ByteOrder.nativeOrder());
    for (long instruction : instructions) {
      bytes.putLong(instruction);
    }
    return bytes.array();
  }

  private static Path unified() throws IOException {
    try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
      return mounts
          .map(line -> line.split(" ", -1))
          .filter(fields -> fields[2].equals("cgroup2"))
          .map(fields -> Path.of(fields[1]))
          .findFirst()
          .orElse(Path.of("none"));
    }
  }
}
