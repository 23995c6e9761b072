package dev.hearth.config;

/** Who connects pods that have a network namespace of their own. */
public enum NetworkMode {
  /** Whatever fits the node; so far always the built-in bridge. */
  AUTO,
  /** The bridge built into the daemon. */
  BRIDGE,
  /** Pods have a loopback device and nothing else. */
  NONE
}
