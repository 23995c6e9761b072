package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.Poller;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.cgroup.systemd.SystemdBus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIf;

/** The real one, where it is process 1. */
@NeedsRoot
@EnabledIf(value = "runs", disabledReason = "systemd is not process 1, or not all is cgroup v2")
class SystemdBusContract extends SystemdUnitsContract {
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private SystemdBus bus;
  private Poller poller;
  private Placeholders placeholders;

  static boolean runs() {
    return Files.isDirectory(Path.of("/run/systemd/system"))
        && Files.exists(CGROUPS.resolve("cgroup.controllers"));
  }

  @BeforeEach
  void connect() throws Exception {
    bus = SystemdBus.system();
    poller = new Poller();
    placeholders =
        new LinuxPlaceholders(
            Path.of(System.getProperty("hearth.shim", "../shim/target/hearth-shim"))
                .toAbsolutePath(),
            poller);
  }

  @AfterEach
  void close() {
    poller.close();
  }

  @Override
  SystemdUnits units() {
    return bus;
  }

  @Override
  Placeholders placeholders() {
    return placeholders;
  }

  @Override
  boolean exists(CgroupPath group) {
    return Files.exists(CGROUPS.resolve(group.relative()));
  }

  @Override
  void awaitEnd(CgroupPath scope) throws Exception {
    Patience patience = new Patience(Ticker.SYSTEM, TIMEOUT);
    while (exists(scope)) {
      assertThat(patience.wearsOn()).as("%s ends", scope).isTrue();
    }
  }
}
