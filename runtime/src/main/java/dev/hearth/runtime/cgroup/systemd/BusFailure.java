package dev.hearth.runtime.cgroup.systemd;

import org.jspecify.annotations.Nullable;

/** A call on the bus that failed. */
final class BusFailure extends Exception {
  private static final long serialVersionUID = 1;

  /** In place of the name of an error, when there was no answer in time. */
  static final String NO_ANSWER = "(no answer)";

  /** In place of the name of an error, when there is no connection. */
  static final String NO_CONNECTION = "(no connection)";

  private final String error;

  /**
   * @param error the name of the error on the bus
   */
  BusFailure(String error, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.error = error;
  }

  String error() {
    return error;
  }
}
