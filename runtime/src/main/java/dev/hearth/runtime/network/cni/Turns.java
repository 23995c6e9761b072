package dev.hearth.runtime.network.cni;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps GC apart from ADD and DEL (section 3, lifecycle): any number of these go on at once, and GC
 * alone. GC waits for a moment in which none of them goes on, and does not hold up new ones by
 * waiting: a plugin that hangs must not stop others' pods.
 *
 * <p>Thread-safe: {@code lock} guards all fields.
 */
final class Turns {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int underWay;
  private boolean alone;

  /** Begins an ADD or DEL; false if GC does not end in time. */
  boolean begin(Deadline deadline) throws InterruptedException {
    lock.lock();
    try {
      long left = deadline.left().toNanos();
      while (alone) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      underWay++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      underWay--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Begins a GC; false if there was no moment for it. */
  boolean beginAlone(Deadline deadline) throws InterruptedException {
    lock.lock();
    try {
      long left = deadline.left().toNanos();
      while (alone || underWay > 0) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      alone = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  void endAlone() {
    lock.lock();
    try {
      alone = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
