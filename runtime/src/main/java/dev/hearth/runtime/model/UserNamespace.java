package dev.hearth.runtime.model;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/**
 * The user namespace of a pod: how its ids map onto the node's (user_namespaces(7)). Root is among
 * them, and no id twice.
 */
public record UserNamespace(List<IdMapping> uids, List<IdMapping> gids) {
  public UserNamespace {
    uids = List.copyOf(uids);
    gids = List.copyOf(gids);
    check("uid", uids);
    check("gid", gids);
  }

  private static void check(String kind, List<IdMapping> mappings) {
    if (host(mappings, 0).isEmpty()) {
      throw new HearthException.InvalidRequest(
          "a pod's user namespace must map " + kind + " 0, the root of its containers");
    }
    if (overlap(mappings, IdMapping::containerId) || overlap(mappings, IdMapping::hostId)) {
      throw new HearthException.InvalidRequest(
          "a pod's user namespace maps a " + kind + " twice: " + mappings);
    }
  }

  private static boolean overlap(List<IdMapping> mappings, ToLongFunction<IdMapping> first) {
    List<IdMapping> sorted = mappings.stream().sorted(Comparator.comparingLong(first)).toList();
    for (int i = 1; i < sorted.size(); i++) {
      IdMapping before = sorted.get(i - 1);
      if (first.applyAsLong(before) + before.length() > first.applyAsLong(sorted.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Who a user of the pod is on the node; empty if nobody. */
  public OptionalLong hostUid(long uid) {
    return host(uids, uid);
  }

  /** Which group of the node a group of the pod is; empty if none. */
  public OptionalLong hostGid(long gid) {
    return host(gids, gid);
  }

  private static OptionalLong host(List<IdMapping> mappings, long id) {
    return mappings.stream()
        .filter(m -> id >= m.containerId() && id < m.containerId() + m.length())
        .mapToLong(m -> m.hostId() + (id - m.containerId()))
        .findFirst();
  }
}
