package dev.hearth.runtime.image;

import java.util.concurrent.locks.ReentrantLock;

/** A lock for each key in use. */
final class KeyedLocks<K> {
  private final KeyedEntries<K, ReentrantLock> locks = new KeyedEntries<>(ReentrantLock::new);

  /** A lock that is held; closing gives it back. To be closed by the thread that took it. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits until nobody else has this key. */
  Held lock(K key) throws InterruptedException {
    ReentrantLock lock = locks.enter(key);
    try {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      locks.leave(key);
      throw e;
    }
    return () -> {
      lock.unlock();
      locks.leave(key);
    };
  }
}
