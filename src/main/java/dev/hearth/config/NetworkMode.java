package dev.hearth.config;

/** Who connects pods that have a network namespace of their own. */
public enum NetworkMode {
  /** CNI where {@code /etc/cni/net.d} holds a configuration, otherwise the built-in bridge. */
  AUTO,
  /** The bridge built into the daemon. */
  BRIDGE,
  /** Pods have a loopback device and nothing else. */
  NONE
}
