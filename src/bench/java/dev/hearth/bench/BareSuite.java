package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.MILLISECONDS;

import dev.hearth.bench.Site.Contenders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The low-level runtimes by themselves, without anybody above them: what their part of a start
 * costs. They run {@code true} in the usual namespaces, without network, on a plain folder.
 */
final class BareSuite implements Suite {
  private static final Measure RUN =
      Measure.of("bare", "bare runtime: run true and delete", MILLISECONDS);

  private final Alternation alternation;
  private final AtomicInteger numbers = new AtomicInteger();

  BareSuite(int rounds) {
    alternation = new Alternation(rounds, 3);
  }

  @Override
  public String name() {
    return "bare";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    Path bundle = site.bundle();
    Path state = site.bareState();
    Files.writeString(bundle.resolve("config.json"), configuration());
    try (var shell = new LegacyShell(state.resolve("errors"))) {
      alternation.run(
          List.of("runc", "crun"),
          results,
          (runtime, into) -> {
            String command =
                "%s --root %s/%s run --bundle %s bench-%d"
                    .formatted(runtime, state, runtime, bundle, numbers.incrementAndGet());
            long start = System.nanoTime();
            shell.run(command);
            into.addSince(RUN, runtime, start);
          });
    }
  }

  private static String configuration() {
    return """
    {"ociVersion": "1.0.2",
     "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/",
                 "env": ["PATH=/bin"], "noNewPrivileges": true},
     "root": {"path": "rootfs"},
     "mounts": [
       {"destination": "/proc", "type": "proc", "source": "proc"},
       {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
        "options": ["nosuid", "mode=755", "size=65536k"]},
       {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}],
     "linux": {
       "cgroupsPath": "/hearth-bench-bare",
       "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
                      {"type": "network"}],
       "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"]}}
    """;
  }
}
