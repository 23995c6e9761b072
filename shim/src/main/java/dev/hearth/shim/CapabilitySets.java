package dev.hearth.shim;

/**
 * The sets of capabilities(7), a bit each by its number.
 *
 * @param bounding all others can never be had again
 */
public record CapabilitySets(
    long bounding, long effective, long permitted, long inheritable, long ambient) {
  /** The same capabilities for a process and all it execs; none inherited by other users. */
  public static CapabilitySets of(long capabilities) {
    return new CapabilitySets(capabilities, capabilities, capabilities, 0, 0);
  }

  public static final CapabilitySets NONE = of(0);
}
