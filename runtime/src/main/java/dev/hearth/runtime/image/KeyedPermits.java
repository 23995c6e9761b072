package dev.hearth.runtime.image;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Permits that are counted for each key by itself, and for all together: who is slow under one key
 * keeps only those waiting who use it too, as long as there is room for all.
 */
final class KeyedPermits<K> {
  private static final class Entry {
    final Semaphore permits;
    int users;

    Entry(int permits) {
      this.permits = new Semaphore(permits, true);
    }
  }

  private final int each;
  private final Semaphore all;

  // Guarded by itself.
  private final Map<K, Entry> entries = new HashMap<>();

  /**
   * @param each permits for one key
   * @param all permits for all keys together
   */
  KeyedPermits(int each, int all) {
    this.each = each;
    this.all = new Semaphore(all, true);
  }

  /** A permit that is held; closing gives it back, from any thread, once. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for a permit of this key. */
  Held acquire(K key) throws InterruptedException {
    Entry entry;
    synchronized (entries) {
      entry = entries.computeIfAbsent(key, k -> new Entry(each));
      entry.users++;
    }
    boolean ofKey = false;
    try {
      entry.permits.acquire();
      ofKey = true;
      all.acquire();
    } catch (InterruptedException e) {
      if (ofKey) {
        entry.permits.release();
      }
      leave(key, entry);
      throw e;
    }
    return () -> {
      all.release();
      entry.permits.release();
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
