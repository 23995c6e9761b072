package dev.hearth.runtime.registry;

import java.time.Duration;

/**
 * How long to bear with a registry.
 *
 * @param attempts at one request, the first included; also how often in a row a transfer may break
 *     without getting on
 * @param firstPause upper bound of the pause after the first failure; doubled after each further
 *     one, and the pause itself drawn at random below it
 * @param longestPause upper bound of every pause, also of one the registry asks for
 */
public record RetryPolicy(int attempts, Duration firstPause, Duration longestPause) {
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(6, Duration.ofMillis(250), Duration.ofSeconds(30));

  public RetryPolicy {
    if (attempts < 1 || !firstPause.isPositive() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException("not a policy: " + attempts + ", " + firstPause);
    }
  }

  /** The same patience, for fewer attempts. */
  RetryPolicy withAttempts(int fewer) {
    return new RetryPolicy(Math.min(attempts, fewer), firstPause, longestPause);
  }
}
