package dev.hearth.runtime.container;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Counts what processes have open, from /proc. One that ends meanwhile counts for nothing.
 *
 * @param descriptors open in all processes together
 * @param sockets of them
 * @param softOpenFiles RLIMIT_NOFILE of the container's first process; nothing if it is unlimited
 */
public record ProcessCensus(
    long processes, long descriptors, long sockets, OptionalLong softOpenFiles) {

  /**
   * @param proc where procfs is mounted
   * @param first the container's first process
   */
  public static ProcessCensus of(Path proc, List<Integer> pids, int first) {
    long descriptors = 0;
    long sockets = 0;
    for (int pid : pids) {
      try (Stream<Path> open = Files.list(proc.resolve(Integer.toString(pid)).resolve("fd"))) {
        List<Path> links = open.toList();
        descriptors += links.size();
        sockets += links.stream().filter(ProcessCensus::isSocket).count();
      } catch (IOException | UncheckedIOException e) {
        // It has ended.
      }
    }
    return new ProcessCensus(pids.size(), descriptors, sockets, softOpenFiles(proc, first));
  }

  private static boolean isSocket(Path link) {
    try {
      return Files.readSymbolicLink(link).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** From the line {@code Max open files 1024 1048576 files}. */
  private static OptionalLong softOpenFiles(Path proc, int pid) {
    try {
      for (String line : Files.readAllLines(proc.resolve(pid + "/limits"))) {
        if (line.startsWith("Max open files")) {
          String soft = line.substring("Max open files".length()).strip().split(" ", 2)[0];
          return soft.equals("unlimited")
              ? OptionalLong.empty()
              : OptionalLong.of(Long.parseLong(soft));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // It has ended.
    }
    return OptionalLong.empty();
  }
}
