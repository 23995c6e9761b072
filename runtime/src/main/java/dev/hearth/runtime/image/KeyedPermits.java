package dev.hearth.runtime.image;

import java.util.concurrent.Semaphore;

/**
 * Permits that are counted for each key by itself, and for all together: who is slow under one key
 * keeps only those waiting who use it too, as long as there is room for all.
 */
final class KeyedPermits<K> {
  private final KeyedEntries<K, Semaphore> ofKeys;
  private final Semaphore all;

  /**
   * @param each permits for one key
   * @param all permits for all keys together
   */
  KeyedPermits(int each, int all) {
    this.ofKeys = new KeyedEntries<>(() -> new Semaphore(each, true));
    this.all = new Semaphore(all, true);
  }

  /** A permit that is held; closing gives it back, from any thread, once. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for a permit of this key. */
  Held acquire(K key) throws InterruptedException {
    Semaphore ofKey = ofKeys.enter(key);
    boolean acquired = false;
    try {
      ofKey.acquire();
      acquired = true;
      all.acquire();
    } catch (InterruptedException e) {
      if (acquired) {
        ofKey.release();
      }
      ofKeys.leave(key);
      throw e;
    }
    return () -> {
      all.release();
      ofKey.release();
      ofKeys.leave(key);
    };
  }
}
