package dev.hearth.shim;

import java.util.List;
import java.util.stream.Collectors;

/** The maps of a user namespace, user_namespaces(7). */
public record IdMaps(List<Range> users, List<Range> groups) {
  public IdMaps {
    if (users.isEmpty() || groups.isEmpty()) {
      throw new IllegalArgumentException("a user namespace in which nobody is anybody");
    }
    users = List.copyOf(users);
    groups = List.copyOf(groups);
  }

  /**
   * Ids that follow each other; numbers without sign, as ids are.
   *
   * @param inside the first, in the namespace
   * @param outside the first, on the host
   */
  public record Range(int inside, int outside, int length) {
    private boolean covers(int id) {
      return Integer.compareUnsigned(id - inside, length) < 0;
    }

    private String line() {
      return Integer.toUnsignedString(inside)
          + " "
          + Integer.toUnsignedString(outside)
          + " "
          + Integer.toUnsignedString(length)
          + "\n";
    }
  }

  /**
   * Who a user of the namespace is on the host.
   *
   * @throws IllegalArgumentException if nobody
   */
  int hostUser(int uid) {
    return host(users, uid);
  }

  /** The same for a group. */
  int hostGroup(int gid) {
    return host(groups, gid);
  }

  private static int host(List<Range> ranges, int id) {
    for (Range range : ranges) {
      if (range.covers(id)) {
        return range.outside() + (id - range.inside());
      }
    }
    throw new IllegalArgumentException(
        "id " + Integer.toUnsignedString(id) + " is not in the user namespace");
  }

  /** As /proc/PID/uid_map and gid_map take them. */
  static String text(List<Range> ranges) {
    return ranges.stream().map(Range::line).collect(Collectors.joining());
  }
}
