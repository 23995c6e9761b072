package dev.hearth.runtime.image;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Something for each key in use: made for its first user, forgotten after its last. */
final class KeyedEntries<K, V> {
  private static final class Entry<V> {
    final V value;
    int users;

    Entry(V value) {
      this.value = value;
    }
  }

  private final Supplier<V> maker;

  // Guarded by itself.
  private final Map<K, Entry<V>> entries = new HashMap<>();

  KeyedEntries(Supplier<V> maker) {
    this.maker = maker;
  }

  /** What belongs to a key. Each user leaves it once. */
  V enter(K key) {
    synchronized (entries) {
      Entry<V> entry = entries.computeIfAbsent(key, k -> new Entry<>(maker.get()));
      entry.users++;
      return entry.value;
    }
  }

  void leave(K key) {
    synchronized (entries) {
      Entry<V> entry = entries.get(key);
      if (entry != null && --entry.users == 0) {
        entries.remove(key);
      }
    }
  }
}
