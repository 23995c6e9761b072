package dev.hearth.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.hearth.linux.Poller;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.cni.PluginCall.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many plugins may run at once. */
@NeedsRoot
class PluginRunnerIT {
  @TempDir Path folder;

  @Test
  void manyPodsThatCannotBeTakenAwayKeepNoneFromBeingConnected() throws Exception {
    Path plugin = folder.resolve("x");
    Files.writeString(
        plugin,
        "#!/bin/sh\n[ $CNI_COMMAND = ADD ] && exec echo well\n"
            + "touch "
            + folder
            + "/hangs-$$\nexec sleep 1000\n");
    Files.setPosixFilePermissions(plugin, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Thread> hanging = new ArrayList<>();
    try (Poller poller = new Poller()) {
      PluginRunner runner = new PluginRunner(List.of(folder), "test", poller);
      for (int i = 0; i <= PluginRunner.MOST_PROCESSES; i++) {
        hanging.add(Thread.ofVirtual().start(() -> hang(runner)));
      }
      try {
        awaitHanging();
        assertThat(runner.run(call(Command.ADD), Deadline.in(Duration.ofSeconds(20))).strip())
            .isEqualTo("well");
      } finally {
        hanging.forEach(Thread::interrupt);
        for (Thread thread : hanging) {
          thread.join(Duration.ofSeconds(20));
        }
      }
    }
  }

  private void awaitHanging() throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (hangingPlugins() < PluginRunner.MOST_PROCESSES) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private long hangingPlugins() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().contains("hangs-")).count();
    }
  }

  private static void hang(PluginRunner runner) {
    try {
      var _ = runner.run(call(Command.DEL), Deadline.in(Duration.ofSeconds(60)));
    } catch (NetworkException _) {
      // Interrupted in the end.
    }
  }

  private static PluginCall call(Command command) {
    return new PluginCall("x", command, Map.of(), new JsonObject());
  }
}
