package dev.hearth.runtime.image;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** A lock for each key in use. */
final class KeyedLocks<K> {
  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  // Guarded by itself.
  private final Map<K, Entry> entries = new HashMap<>();

  /** A lock that is held; closing gives it back. To be closed by the thread that took it. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits until nobody else has this key. */
  Held lock(K key) throws InterruptedException {
    Entry entry;
    synchronized (entries) {
      entry = entries.computeIfAbsent(key, k -> new Entry());
      entry.users++;
    }
    try {
      entry.lock.lockInterruptibly();
    } catch (InterruptedException e) {
      leave(key, entry);
      throw e;
    }
    return () -> {
      entry.lock.unlock();
      leave(key, entry);
    };
  }

  private void leave(K key, Entry entry) {
    synchronized (entries) {
      if (--entry.users == 0) {
        entries.remove(key);
      }
    }
  }
}
