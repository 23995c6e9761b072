package dev.hearth.runtime.model;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Live objects by id, found by the whole id or by a prefix that only one has, as people type them.
 * Thread-safe.
 */
public final class Index<E> {
  private final String kind;
  private final ConcurrentNavigableMap<String, E> byId = new ConcurrentSkipListMap<>();

  /**
   * @param kind what messages call an entry, such as "container"
   */
  public Index(String kind) {
    this.kind = kind;
  }

  public void put(String id, E entry) {
    byId.put(id, entry);
  }

  /** Takes exactly this entry out; another one under the same id stays. */
  public void remove(String id, E entry) {
    byId.remove(id, entry);
  }

  /** All entries, ordered by id; a view that follows changes. */
  public Collection<E> all() {
    return byId.values();
  }

  /**
   * The entry with that id, or the only one whose id begins so.
   *
   * @throws HearthException.InvalidRequest if several begin so, or the text is empty
   */
  public Optional<E> find(String idOrPrefix) {
    if (idOrPrefix.isEmpty()) {
      throw new HearthException.InvalidRequest("no " + kind + " id given");
    }
    E exact = byId.get(idOrPrefix);
    if (exact != null) {
      return Optional.of(exact);
    }
    List<E> matches =
        byId.tailMap(idOrPrefix, true).entrySet().stream()
            .takeWhile(entry -> entry.getKey().startsWith(idOrPrefix))
            .limit(2)
            .map(java.util.Map.Entry::getValue)
            .toList();
    if (matches.size() > 1) {
      throw new HearthException.InvalidRequest(
          "several " + kind + " ids begin with " + idOrPrefix + "; give more of it");
    }
    return matches.stream().findFirst();
  }

  /**
   * Like {@link #find}.
   *
   * @throws HearthException.NotFound if there is none
   */
  public E require(String idOrPrefix) {
    return find(idOrPrefix)
        .orElseThrow(
            () -> new HearthException.NotFound("no " + kind + " has the id " + idOrPrefix));
  }
}
