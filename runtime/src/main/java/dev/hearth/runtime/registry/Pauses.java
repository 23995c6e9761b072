package dev.hearth.runtime.registry;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The passing of time between attempts; tests put a list in its place. */
@FunctionalInterface
public interface Pauses {
  /** Real time. */
  Pauses SLEEP = Thread::sleep;

  void pause(Duration duration) throws InterruptedException;

  /**
   * How long to pause after so many failures in a row: exponential with full jitter, so that a
   * thousand nodes that failed together do not come back together.
   */
  static Duration after(int failures, RetryPolicy policy, RandomGenerator random) {
    long first = policy.firstPause().toMillis();
    long longest = policy.longestPause().toMillis();
    long bound = Math.min(longest, first << Math.min(failures - 1, 20));
    return Duration.ofMillis(random.nextLong(bound / 2, bound + 1));
  }
}
