package dev.hearth.runtime.model;

import java.util.List;

/** The user namespace of a pod: how its ids map onto the node's. */
public record UserNamespace(List<IdMapping> uids, List<IdMapping> gids) {
  public UserNamespace {
    uids = List.copyOf(uids);
    gids = List.copyOf(gids);
    if (uids.isEmpty() || gids.isEmpty()) {
      throw new HearthException.InvalidRequest("a pod's user namespace needs uid and gid mappings");
    }
  }
}
