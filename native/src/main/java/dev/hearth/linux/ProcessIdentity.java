package dev.hearth.linux;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A process beyond doubt: pids come back, but not with the same start.
 *
 * @param startTicks when it started, in clock ticks since boot (field 22 of /proc/PID/stat)
 */
public record ProcessIdentity(int pid, long startTicks) {
  private static final int STATE = 0;
  private static final int START_TIME = 19;

  public ProcessIdentity {
    if (pid <= 0 || startTicks < 0) {
      throw new IllegalArgumentException("no process: " + pid + " started " + startTicks);
    }
  }

  /** Who has this pid now; nobody, or only a zombie, is empty. */
  public static Optional<ProcessIdentity> of(int pid) throws LinuxException {
    String stat;
    try {
      stat = SmallFiles.read(Path.of("/proc/" + pid + "/stat"));
    } catch (LinuxException e) {
      if (e.isAnyOf(Errno.ENOENT, Errno.ESRCH)) {
        return Optional.empty();
      }
      throw e;
    }
    return parse(pid, stat);
  }

  /** The second field is the program's name in parentheses, and may itself hold any byte. */
  static Optional<ProcessIdentity> parse(int pid, String stat) {
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    String state = fields.get(STATE);
    if (state.equals("Z") || state.equals("X")) {
      return Optional.empty();
    }
    return Optional.of(new ProcessIdentity(pid, Long.parseLong(fields.get(START_TIME))));
  }

  /** Whether it is there and has not ended. */
  public boolean isAlive() throws LinuxException {
    return of(pid).filter(this::equals).isPresent();
  }

  /**
   * Its pidfd.
   *
   * @throws LinuxException ESRCH when it has ended, even if its pid is another's by now
   */
  public Fd open() throws LinuxException {
    Fd pidfd = Processes.open(pid);
    try {
      // The pidfd holds the pid's present owner, so the order of these two leaves no gap.
      if (isAlive()) {
        return pidfd;
      }
    } catch (LinuxException e) {
      pidfd.close();
      throw e;
    }
    pidfd.close();
    throw new LinuxException("open process", Integer.toString(pid), Errno.ESRCH);
  }
}
