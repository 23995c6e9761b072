package dev.hearth.runtime.model;

import java.util.List;

/**
 * Who a process runs as, after names were looked up in the image.
 *
 * @param home the user's home directory; "/" when the image does not say
 */
public record ProcessUser(long uid, long gid, List<Long> groups, String home) {
  public ProcessUser {
    groups = List.copyOf(groups);
  }
}
