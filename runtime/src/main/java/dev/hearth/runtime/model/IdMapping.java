package dev.hearth.runtime.model;

/** One range of a user namespace's id map (user_namespaces(7)). */
public record IdMapping(long hostId, long containerId, long length) {
  public IdMapping {
    if (hostId < 0 || containerId < 0 || length <= 0 || length > 0xFFFF_FFFFL) {
      throw new HearthException.InvalidRequest(
          "bad id mapping: host " + hostId + ", container " + containerId + ", length " + length);
    }
  }
}
