package dev.hearth.runtime.network;

import java.util.List;

/** Whether pods can be connected. */
public sealed interface NetworkStatus {
  /**
   * They can.
   *
   * @param warnings what an operator should know all the same
   */
  record Ready(List<String> warnings) implements NetworkStatus {
    public Ready {
      warnings = List.copyOf(warnings);
    }
  }

  /** They cannot, and why. */
  record NotReady(String reason) implements NetworkStatus {}
}
