package dev.hearth.runtime.store;

import java.time.Duration;

/**
 * Writes a record again that could not be written, until it can: what it says has happened, and a
 * full disk does not undo it.
 */
public final class LateWrite {
  private static final System.Logger LOG = System.getLogger("dev.hearth.store");

  private static final Duration PAUSE = Duration.ofSeconds(2);

  private LateWrite() {}

  /** Writes what is to be written, or returns if that is no longer wanted. */
  @FunctionalInterface
  public interface Attempt {
    void run() throws StoreException;
  }

  /**
   * Goes on trying on a thread of its own, which ends when it has succeeded. What happens before
   * that to a daemon that is killed is for its successor to find out, as ever.
   *
   * @param what is not recorded, for the log
   * @param failure of the first attempt
   */
  public static void begin(String what, StoreException failure, Attempt attempt) {
    LOG.log(
        System.Logger.Level.WARNING,
        what + " is not recorded yet; trying again until it is",
        failure);
    Thread.ofVirtual().name("late-write").start(() -> go(what, attempt));
  }

  private static void go(String what, Attempt attempt) {
    try {
      while (true) {
        Thread.sleep(PAUSE);
        try {
          attempt.run();
          LOG.log(System.Logger.Level.INFO, "{0} is recorded now, or gone", what);
          return;
        } catch (StoreException e) {
          LOG.log(System.Logger.Level.DEBUG, "{0} still is not recorded", what);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
