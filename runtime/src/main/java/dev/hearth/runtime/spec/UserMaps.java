package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.shim.IdMaps;
import java.util.List;

/** User namespaces in the shim's terms. */
public final class UserMaps {
  private UserMaps() {}

  public static IdMaps of(UserNamespace users) {
    return new IdMaps(ranges(users.uids()), ranges(users.gids()));
  }

  private static List<IdMaps.Range> ranges(List<IdMapping> mappings) {
    return mappings.stream()
        .map(m -> new IdMaps.Range((int) m.containerId(), (int) m.hostId(), (int) m.length()))
        .toList();
  }

  /**
   * @throws HearthException.InvalidRequest if the container's user or one of its groups is nobody
   *     in the pod's user namespace
   */
  static void check(UserNamespace users, ProcessUser user) {
    if (users.hostUid(user.uid()).isEmpty()) {
      throw unmapped("user", user.uid());
    }
    if (users.hostGid(user.gid()).isEmpty()) {
      throw unmapped("group", user.gid());
    }
    for (long group : user.groups()) {
      if (users.hostGid(group).isEmpty()) {
        throw unmapped("group", group);
      }
    }
  }

  private static HearthException unmapped(String kind, long id) {
    return new HearthException.InvalidRequest(
        "the container's " + kind + " " + id + " is not in its pod's user namespace");
  }
}
