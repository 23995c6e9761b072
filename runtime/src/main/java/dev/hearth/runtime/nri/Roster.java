package dev.hearth.runtime.nri;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The registered plugins, and the changes that some of them were asked about and that cannot be
 * seen yet. Thread-safe.
 */
final class Roster {
  /**
   * A change under way.
   *
   * @param plugins those that have a say in it, in order
   * @param ended completed when its outcome can be seen
   */
  record Passage(List<Plugin> plugins, CompletableFuture<Void> ended) {}

  private final Object lock = new Object();

  /** In the order in which they are called. Guarded by {@code lock}. */
  private List<Plugin> plugins = List.of();

  /** Guarded by {@code lock}. */
  private final Set<Passage> underWay = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Begins a change. */
  Passage enter() {
    synchronized (lock) {
      Passage passage = new Passage(plugins, new CompletableFuture<>());
      underWay.add(passage);
      return passage;
    }
  }

  /** Ends a change: its outcome can be seen, or there is none. */
  void leave(Passage passage) {
    synchronized (lock) {
      underWay.remove(passage);
    }
    passage.ended().complete(null);
  }

  /** The plugins, in the order in which they are called. */
  List<Plugin> present() {
    synchronized (lock) {
      return plugins;
    }
  }

  /**
   * Takes a plugin in: every change from now on is its affair.
   *
   * @return the changes that are not, and may not be seen yet
   */
  List<Passage> join(Plugin plugin) {
    synchronized (lock) {
      List<Plugin> next = new ArrayList<>(plugins);
      next.add(plugin);
      // Stable: those of one index stay in the order in which they came.
      next.sort(Comparator.comparing(Plugin::name));
      plugins = List.copyOf(next);
      return List.copyOf(underWay);
    }
  }

  /** Takes a plugin out. */
  void leave(Plugin plugin) {
    synchronized (lock) {
      plugins = plugins.stream().filter(other -> other != plugin).toList();
    }
  }
}
