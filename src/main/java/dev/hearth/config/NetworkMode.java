package dev.hearth.config;

/** Who connects pods that have a network namespace of their own. */
public enum NetworkMode {
  /** Plugins where a network of theirs is configured, the built-in bridge elsewhere. */
  AUTO,
  /** Plugins of the Container Network Interface. */
  CNI,
  /** The bridge built into the daemon. */
  BRIDGE,
  /** Pods have a loopback device and nothing else. */
  NONE
}
