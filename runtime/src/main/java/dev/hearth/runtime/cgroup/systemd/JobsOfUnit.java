package dev.hearth.runtime.cgroup.systemd;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The jobs of one unit that systemd has finished. It is there before a job is asked for, since the
 * job may be finished before its name is known here.
 */
final class JobsOfUnit implements AutoCloseable {
  /** In place of a job's result, when there was none in time. */
  static final String NO_RESULT = "(none)";

  /** More than one unit ever has at once; what does not fit is the oldest nobody waited for. */
  private static final int BOUND = 16;

  private record Finished(String job, String result) {}

  private final BlockingQueue<Finished> finished = new LinkedBlockingQueue<>(BOUND);
  private final Runnable onClose;

  JobsOfUnit(Runnable onClose) {
    this.onClose = onClose;
  }

  void finished(String job, String result) {
    Finished one = new Finished(job, result);
    while (!finished.offer(one)) {
      var _ = finished.poll();
    }
  }

  /** The result of a job, {@link #NO_RESULT} if it has none in time. */
  String await(String job, Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      Finished next = finished.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (next == null) {
        return NO_RESULT;
      }
      if (next.job.equals(job)) {
        return next.result;
      }
    }
  }

  @Override
  public void close() {
    onClose.run();
  }
}
