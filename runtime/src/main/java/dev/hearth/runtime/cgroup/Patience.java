package dev.hearth.runtime.cgroup;

import java.time.Duration;

/**
 * Looks again and again, ever less often, until something holds or a deadline passes. For what the
 * kernel announces by no event: a v1 freezer's state, a v1 group running empty, the moment between
 * a process's end and its group's release. Used by one thread.
 */
final class Patience {
  private static final Duration FIRST = Duration.ofNanos(100_000);
  private static final Duration LONGEST = Duration.ofMillis(10);

  private final Ticker ticker;
  private final long end;
  private Duration next = FIRST;

  Patience(Ticker ticker, Duration timeout) {
    this.ticker = ticker;
    this.end = ticker.nanoTime() + timeout.toNanos();
  }

  /** Pauses a little. False, without a pause, once the deadline has passed. */
  boolean wearsOn() throws InterruptedException {
    long left = end - ticker.nanoTime();
    if (left <= 0) {
      return false;
    }
    Duration pause = next.toNanos() < left ? next : Duration.ofNanos(left);
    ticker.pause(pause);
    Duration doubled = next.multipliedBy(2);
    next = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
    return true;
  }
}
