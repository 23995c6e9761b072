package dev.hearth.runtime.network.cni;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.linux.SmallFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Plugins that a killed daemon has left running. One that is still about to connect a pod would
 * overtake the DEL that is to undo it.
 */
final class Orphans {
  private static final Path PROCESSES = Path.of("/proc");
  private static final String POD = "CNI_CONTAINERID=";

  private Orphans() {}

  /**
   * Kills every process that was called for one of these pods.
   *
   * @param pods their ids
   */
  static void end(Set<String> pods) {
    if (pods.isEmpty()) {
      return;
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (Path process : processes) {
        if (isOf(process, pods)) {
          kill(Integer.parseInt(String.valueOf(process.getFileName())), pods);
        }
      }
    } catch (IOException _) {
      // Without a list of processes nobody can be found.
    }
  }

  private static boolean isOf(Path process, Set<String> pods) {
    try {
      return List.of(SmallFiles.read(process.resolve("environ")).split("\0", -1)).stream()
          .filter(variable -> variable.startsWith(POD))
          .anyMatch(variable -> pods.contains(variable.substring(POD.length())));
    } catch (LinuxException _) {
      return false; // It has ended.
    }
  }

  /** What it is, is asked again when its pid can no longer become another's. */
  private static void kill(int pid, Set<String> pods) {
    try (Fd pidfd = Processes.open(pid)) {
      if (isOf(PROCESSES.resolve(Integer.toString(pid)), pods)) {
        Processes.signal(pidfd, Signals.KILL);
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ESRCH)) {
        System.getLogger("dev.hearth.network")
            .log(System.Logger.Level.WARNING, "a plugin left running cannot be killed", e);
      }
    }
  }
}
