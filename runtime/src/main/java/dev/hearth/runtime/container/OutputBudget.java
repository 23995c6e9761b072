package dev.hearth.runtime.container;

import dev.hearth.runtime.model.HearthException;
import java.util.concurrent.Semaphore;

/**
 * How much of the output of commands may be in memory. What goes beyond a command's own share is
 * thrown away, as the peers do; what goes beyond that of all commands together fails the command,
 * since nobody can know what of it mattered. Thread-safe.
 */
final class OutputBudget {
  /** Both streams of one together, in bytes: with the rest, a message that a client takes. */
  private static final int OF_ONE = (16 << 20) - (4 << 10);

  /** What all commands may have in memory, in bytes: the daemon's heap is not large. */
  private static final int OF_ALL = 32 << 20;

  private final int most;
  private final Semaphore all;

  OutputBudget() {
    this(OF_ONE, OF_ALL);
  }

  OutputBudget(int most, int all) {
    this.most = most;
    this.all = new Semaphore(all);
  }

  /** The share of a command that begins; given back when it is closed. */
  Share begin() {
    return new Share();
  }

  /** What one command may still write, on both its streams. */
  final class Share implements AutoCloseable {
    /** Guarded by this, as all fields. */
    private int taken;

    private boolean refused;
    private boolean closed;

    private Share() {}

    /** Takes room for so many bytes; returns for how many there is. */
    synchronized int take(int wanted) {
      int granted = Math.min(wanted, most - taken);
      if (closed || granted == 0) {
        return 0;
      }
      if (!all.tryAcquire(granted)) {
        refused = true;
        return 0;
      }
      taken += granted;
      return granted;
    }

    /**
     * Fails a command whose output had to make way for others'.
     *
     * @throws HearthException.LimitReached if it had
     */
    synchronized void requireAll() {
      if (refused) {
        throw new HearthException.LimitReached(
            "commands write too much at once for all of it to be kept; try again, or let them write"
                + " to a file");
      }
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        all.release(taken);
      }
    }
  }
}
