package dev.hearth.runtime.cgroup;

import java.time.Duration;

/** Time passing, so that tests can make it. */
interface Ticker {
  /** As System.nanoTime(). */
  long nanoTime();

  void pause(Duration duration) throws InterruptedException;

  /** The host's. */
  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void pause(Duration duration) throws InterruptedException {
          Thread.sleep(duration);
        }
      };
}
