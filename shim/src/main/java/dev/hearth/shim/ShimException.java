package dev.hearth.shim;

import dev.hearth.linux.Errno;

/** What went wrong with a shim; the message says what, and of which container's shim. */
public sealed class ShimException extends Exception
    permits StartFailure, ShimUnreachable, ShimRefusal {
  private static final long serialVersionUID = 1;

  ShimException(String message) {
    super(message);
  }

  ShimException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Text of an error number as the kernel means it. */
  static String describe(int errno) {
    return Errno.of(errno).map(Errno::text).orElse("error " + errno);
  }
}
