package dev.hearth.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Owns an open file descriptor. Every descriptor this package makes is closed on exec.
 *
 * <p>Calls and waits in progress hold the descriptor, so closing it while another thread uses it is
 * safe: later uses fail with EBADF, waits of a {@link Poller} end with EBADF, and the number goes
 * back to the kernel when the last use has ended, never earlier. A blocking call in progress is
 * <em>not</em> interrupted.
 */
public final class Fd implements AutoCloseable {
  /** Top bit: closed. Rest: uses in progress. */
  private static final int CLOSED = 1 << 31;

  private final int number;
  private final String name;
  private final AtomicInteger state = new AtomicInteger();
  private final Use use = new Use();

  /** Whom closing wakes; guarded by itself. */
  private final List<Runnable> closeListeners = new ArrayList<>(0);

  Fd(int number, String name) {
    if (number < 0) {
      throw new IllegalArgumentException("negative descriptor for " + name);
    }
    this.number = number;
    this.name = name;
  }

  /**
   * Takes over a descriptor that came from elsewhere, such as one passed at start.
   *
   * @param name what it is, for messages
   * @throws LinuxException EBADF when it is not open
   */
  public static Fd adopt(int number, String name) throws LinuxException {
    Sys.check(LibC.fcntl(number, Fcntl.SETFD, Fcntl.CLOEXEC), "adopt descriptor", name);
    return new Fd(number, name);
  }

  /** The number, for /proc/self/fd and messages; it is this file only until {@link #close()}. */
  public int number() {
    return number;
  }

  /** What it is, for messages. */
  public String name() {
    return name;
  }

  /** The same file by path: {@code /proc/self/fd/N}. */
  public String procPath() {
    return "/proc/self/fd/" + number;
  }

  /** Whether {@link #close()} was called. */
  public boolean isClosed() {
    return state.get() < 0;
  }

  /** Closes it; again does nothing. What close(2) may report is known only to fsync(2). */
  @Override
  public void close() {
    int before = state.getAndUpdate(s -> s | CLOSED);
    if (before < 0) {
      return;
    }
    if (before == 0) {
      LibC.close(number);
      return;
    }
    List<Runnable> listeners;
    synchronized (closeListeners) {
      listeners = List.copyOf(closeListeners);
    }
    listeners.forEach(Runnable::run);
  }

  /**
   * Holds the descriptor open for one call.
   *
   * @throws LinuxException EBADF when it is closed
   */
  Use use(String operation) throws LinuxException {
    int before;
    do {
      before = state.get();
      if (before < 0) {
        throw new LinuxException(operation, name, Errno.EBADF);
      }
    } while (!state.compareAndSet(before, before + 1));
    return use;
  }

  /** Calls this when the descriptor is closed; only while it is in {@link #use}. */
  void addCloseListener(Runnable listener) {
    synchronized (closeListeners) {
      closeListeners.add(listener);
    }
    if (isClosed()) {
      listener.run();
    }
  }

  void removeCloseListener(Runnable listener) {
    synchronized (closeListeners) {
      closeListeners.remove(listener);
    }
  }

  @Override
  public String toString() {
    return "descriptor " + number + " (" + name + ")" + (isClosed() ? ", closed" : "");
  }

  /** A use in progress; one object serves them all, since it is only counted. */
  final class Use implements AutoCloseable {
    private Use() {}

    int number() {
      return number;
    }

    String name() {
      return name;
    }

    @Override
    public void close() {
      if (state.decrementAndGet() == CLOSED) {
        LibC.close(number);
      }
    }
  }
}
