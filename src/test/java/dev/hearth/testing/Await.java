package dev.hearth.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for something that happens in another process. */
public final class Await {
  private static final Duration PAUSE = Duration.ofMillis(2);

  private Await() {}

  /**
   * Returns as soon as {@code happened} is true.
   *
   * @param what completes the sentence "gave up waiting for …"
   * @throws AssertionError after {@code limit}
   */
  public static void until(String what, Duration limit, BooleanSupplier happened) {
    until(() -> what, limit, happened);
  }

  /** The same with a description of the moment when the wait is given up. */
  public static void until(Supplier<String> what, Duration limit, BooleanSupplier happened) {
    until(what, limit, PAUSE, happened);
  }

  /** The same, looking less often: where a look is dear. */
  public static void until(
      Supplier<String> what, Duration limit, Duration pause, BooleanSupplier happened) {
    long end = System.nanoTime() + patient(limit).toNanos();
    while (!happened.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("gave up waiting for " + what.get() + " after " + limit);
      }
      pause(pause);
    }
  }

  /** A limit for the machine at hand: the property {@code hearth.patience} says how slow it is. */
  public static Duration patient(Duration limit) {
    return limit.multipliedBy(Integer.getInteger("hearth.patience", 1));
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting", e);
    }
  }
}
