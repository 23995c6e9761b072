package dev.hearth.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the figures were measured on. */
record Machine(String kernel, String cpu, int cpus, long memoryMegabytes, String java) {

  static Machine here() throws IOException {
    String memory = Files.readString(Path.of("/proc/meminfo"));
    long kilobytes = Long.parseLong(memory.lines().findFirst().orElseThrow().replaceAll("\\D", ""));
    String cpu =
        Files.readString(Path.of("/proc/cpuinfo"))
            .lines()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 2))
            .findFirst()
            .orElse(System.getProperty("os.arch"));
    return new Machine(
        System.getProperty("os.version"),
        cpu,
        Runtime.getRuntime().availableProcessors(),
        kilobytes / 1024,
        Runtime.version().toString());
  }

  @Override
  public String toString() {
    return "%d x %s, %d GiB, kernel %s".formatted(cpus, cpu, memoryMegabytes / 1024, kernel);
  }
}
