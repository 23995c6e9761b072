package dev.hearth.runtime.cgroup;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.util.Optional;

/** The host's processes. */
final class LinuxPidfds implements Pidfds {
  @Override
  public Optional<Held> hold(int pid) throws CgroupException {
    try {
      return Optional.of(new Pidfd(Processes.open(pid)));
    } catch (LinuxException e) {
      if (e.is(Errno.ESRCH)) {
        return Optional.empty();
      }
      throw new CgroupException(Reason.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  private record Pidfd(Fd fd) implements Held {
    @Override
    public void kill() throws CgroupException {
      try {
        Processes.signal(fd, Signals.KILL);
      } catch (LinuxException e) {
        if (!e.is(Errno.ESRCH)) {
          throw new CgroupException(Reason.FAILED, String.valueOf(e.getMessage()), e);
        }
      }
    }

    @Override
    public void close() {
      fd.close();
    }
  }
}
