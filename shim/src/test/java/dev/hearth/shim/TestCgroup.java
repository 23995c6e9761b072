package dev.hearth.shim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Control groups for one test, on v1, hybrid or v2, gone when closed. */
final class TestCgroup implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final Optional<Path> memory;
  private final Optional<Path> unified;

  TestCgroup(long memoryLimit) throws IOException {
    String name = "hearth-shim-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    boolean pure = Files.exists(ROOT.resolve("cgroup.controllers"));
    Path v2 = pure ? ROOT : ROOT.resolve("unified");
    unified =
        Files.exists(v2.resolve("cgroup.procs"))
            ? Optional.of(Files.createDirectory(v2.resolve(name)))
            : Optional.empty();
    memory =
        pure ? unified : Optional.of(Files.createDirectory(ROOT.resolve("memory").resolve(name)));
    Path limit = memory.orElseThrow().resolve(pure ? "memory.max" : "memory.limit_in_bytes");
    Files.writeString(limit, Long.toString(memoryLimit));
  }

  CgroupJoins joins() {
    List<Path> files = new ArrayList<>();
    if (!memory.equals(unified)) {
      files.add(memory.orElseThrow().resolve("tasks"));
    }
    return new CgroupJoins(files, unified);
  }

  Path unified() {
    return unified.orElseThrow();
  }

  /** Whose processes these are. */
  List<String> processes() throws IOException {
    return Files.readAllLines(unified().resolve("cgroup.procs"));
  }

  Supervision.OomCounter oomCounter() {
    Path folder = memory.orElseThrow();
    return Supervision.OomCounter.in(
        folder.resolve(memory.equals(unified) ? "memory.events" : "memory.oom_control"));
  }

  @Override
  public void close() throws IOException {
    for (Path folder : List.of(memory.orElseThrow(), unified.orElseThrow())) {
      try {
        Files.delete(folder);
      } catch (NoSuchFileException e) {
        // On v2 both are one.
      }
    }
  }
}
