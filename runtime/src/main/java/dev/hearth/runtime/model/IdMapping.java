package dev.hearth.runtime.model;

/** One range of a user namespace's id map (user_namespaces(7)). */
public record IdMapping(long hostId, long containerId, long length) {
  /** 2^32-1 is no id: to setuid(2) and friends it means no change. */
  private static final long LIMIT = 0xFFFF_FFFFL;

  public IdMapping {
    if (hostId < 0
        || containerId < 0
        || length <= 0
        || hostId + length > LIMIT
        || containerId + length > LIMIT) {
      throw new HearthException.InvalidRequest(
          "bad id mapping: host " + hostId + ", container " + containerId + ", length " + length);
    }
  }
}
