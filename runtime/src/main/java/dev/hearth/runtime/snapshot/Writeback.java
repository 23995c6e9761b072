package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends a file to the disk while it is written, on a thread of its own, so that the disk works at
 * the same time as the processor and little is left to wait for in the end. The kernel by itself
 * would begin seconds later. The lock guards all fields.
 */
final class Writeback implements AutoCloseable {
  /** Smaller files need no help. */
  private static final long STEP_BYTES = 16 << 20;

  private final FileChannel file;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long written;
  private long sent;
  private boolean ended;
  private @Nullable Thread thread;
  private @Nullable IOException failure;

  Writeback(FileChannel file) {
    this.file = file;
  }

  /** Says how much was written. */
  void written(long bytes) {
    lock.lock();
    try {
      written = bytes;
      if (written - sent < STEP_BYTES) {
        return;
      }
      if (thread == null) {
        thread = Thread.ofPlatform().daemon().name("layer-writeback").start(this::run);
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (true) {
      lock.lock();
      try {
        while (!ended && written - sent < STEP_BYTES) {
          changed.awaitUninterruptibly();
        }
        if (ended) {
          return;
        }
        sent = written;
      } finally {
        lock.unlock();
      }
      try {
        file.force(false);
      } catch (IOException e) {
        lock.lock();
        try {
          failure = e;
        } finally {
          lock.unlock();
        }
        return;
      }
    }
  }

  /** Waits until all that was written is on the disk. */
  void finish() throws IOException {
    close();
    lock.lock();
    try {
      // The kernel reports a failed write to the first who syncs, which may have been the thread.
      if (failure != null) {
        throw failure;
      }
    } finally {
      lock.unlock();
    }
    file.force(false);
  }

  /** Ends the thread. */
  @Override
  public void close() {
    Thread running;
    lock.lock();
    try {
      ended = true;
      changed.signal();
      running = thread;
      thread = null;
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
