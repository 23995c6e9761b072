package dev.hearth.runtime.network.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;

/**
 * Plugins that a killed daemon has left running, whatever it had asked them. One that is still
 * about to connect a pod would overtake the DEL that is to undo it; one that collects garbage would
 * go by an old list. They are known by a variable that each plugin is given.
 */
final class Orphans {
  /** Names the folder of the daemon's records, which is one daemon's alone. */
  static final String VARIABLE = "HEARTH_NETWORK";

  private static final Path PROCESSES = Path.of("/proc");
  private static final Path OWN_PROCESSES = PROCESSES.resolve("self/ns/pid");

  /** Of an environment, in bytes: far more than a plugin is given. */
  private static final int MOST = 256 << 10;

  private final String mark;

  /**
   * @param directory folder of the daemon's records
   */
  Orphans(Path directory) {
    this.mark = directory.toAbsolutePath().normalize().toString();
  }

  /** The value of the variable. */
  String mark() {
    return mark;
  }

  /** Kills every process that bears the mark. */
  void end() {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      Path namespace = Files.readSymbolicLink(OWN_PROCESSES);
      for (Path process : processes) {
        if (isMarked(process, namespace)) {
          kill(process, namespace);
        }
      }
    } catch (IOException _) {
      // Without a list of processes nobody can be found.
    }
  }

  /** Nothing is read of containers and of other users, who may make their memory hard to read. */
  private boolean isMarked(Path process, Path namespace) {
    try {
      if (!Objects.equals(Files.getAttribute(process, "unix:uid"), 0)
          || !Files.readSymbolicLink(process.resolve("ns/pid")).equals(namespace)) {
        return false;
      }
      return List.of(environment(process).split("\0", -1)).contains(VARIABLE + "=" + mark);
    } catch (IOException _) {
      return false; // It has ended.
    }
  }

  private static String environment(Path process) throws LinuxException {
    ByteBuffer bytes = ByteBuffer.allocate(MOST);
    try (Fd file = Opens.open(process.resolve("environ"), EnumSet.of(OpenFlag.READ_ONLY))) {
      while (bytes.hasRemaining() && Descriptors.read(file, bytes) > 0) {
        // Until all is there, or enough.
      }
    }
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  /** What it is, is asked again when its pid can no longer become another's. */
  private void kill(Path process, Path namespace) {
    try (Fd pidfd = Processes.open(Integer.parseInt(String.valueOf(process.getFileName())))) {
      if (isMarked(process, namespace)) {
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
