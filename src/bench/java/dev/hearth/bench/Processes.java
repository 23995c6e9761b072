package dev.hearth.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Other processes: running them, finding them, weighing them. */
final class Processes {
  private static final double KILOBYTES = 1024;

  private Processes() {}

  /** Runs a program to its end. */
  static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said;
    try (var out = process.getInputStream()) {
      said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
    }
    int status = await(process, Duration.ofMinutes(2));
    if (status != 0) {
      throw new IOException(String.join(" ", command) + " ended with " + status + ": " + said);
    }
  }

  static int await(Process process, Duration limit) throws IOException {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException("killed after " + limit + ": " + process.info().commandLine());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The process that would reap this one. */
  static long parent(long pid) {
    return Math.round(number(pid, "status", "PPid:"));
  }

  /** Descriptors that a process has open. */
  static long descriptors(long pid) throws IOException {
    try (var open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return open.count();
    }
  }

  /** Threads of a process. */
  static long threads(long pid) {
    return Math.round(number(pid, "status", "Threads:"));
  }

  /** The processes whose command line contains {@code text}. */
  static Stream<Long> mentioning(String text) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> read(pid, "cmdline").replace('\0', ' ').contains(text));
  }

  /** The share of memory that is the process's own and its part of what it shares, in MB. */
  static double pss(long pid) {
    return number(pid, "smaps_rollup", "Pss:") / KILOBYTES;
  }

  /** Resident memory, in MB. */
  static double rss(long pid) {
    return number(pid, "status", "VmRSS:") / KILOBYTES;
  }

  private static double number(long pid, String file, String name) {
    return read(pid, file)
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private static String read(long pid, String file) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/" + file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
