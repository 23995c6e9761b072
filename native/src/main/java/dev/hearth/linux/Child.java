package dev.hearth.linux;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A process this one started and must reap: until then its pid stays its own. Closing lets go of
 * the pidfd and neither kills nor reaps.
 */
public final class Child implements AutoCloseable {
  private final int pid;
  private final Fd pidfd;

  /** Set once reaped; guarded by this. */
  private @Nullable ExitStatus status;

  private Child(int pid, Fd pidfd) {
    this.pid = pid;
    this.pidfd = pidfd;
  }

  /**
   * Starts a program. Takes some hundred microseconds, in which this thread waits for the exec.
   *
   * @throws LinuxException what clone or exec failed with, on the program's path
   */
  public static Child start(Spawn spawn) throws LinuxException {
    int pid = Spawner.start(spawn);
    try {
      return new Child(pid, Processes.open(pid));
    } catch (LinuxException e) { // out of descriptors: a process nobody holds must not stay
      Processes.kill(pid, Signals.KILL);
      Processes.reap(pid);
      throw e;
    }
  }

  /** Its process id. */
  public int pid() {
    return pid;
  }

  /** Its pidfd, readable when it has ended. */
  public Fd pidfd() {
    return pidfd;
  }

  /** Sends it a signal; ESRCH when it was reaped. */
  public void signal(int signal) throws LinuxException {
    Processes.signal(pidfd, signal);
  }

  /** How it ended, if it has; reaps it. */
  public synchronized Optional<ExitStatus> reap() throws LinuxException {
    if (status == null) {
      status = Processes.tryReap(pid).orElse(null);
    }
    return Optional.ofNullable(status);
  }

  /** Waits for its end and reaps it. */
  public ExitStatus await(Poller poller, Duration timeout)
      throws LinuxException, TimeoutException, InterruptedException {
    Optional<ExitStatus> ended = reap();
    if (ended.isEmpty()) {
      poller.awaitReadable(pidfd, timeout);
      ended = reap();
    }
    return ended.orElseThrow(
        () -> new IllegalStateException("process " + pid + " ended and cannot be reaped"));
  }

  @Override
  public void close() {
    pidfd.close();
  }

  @Override
  public String toString() {
    return "process " + pid;
  }
}
