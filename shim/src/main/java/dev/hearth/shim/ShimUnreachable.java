package dev.hearth.shim;

/** Nobody listens for a container: its shim has ended, or never began. */
public final class ShimUnreachable extends ShimException {
  private static final long serialVersionUID = 1;

  ShimUnreachable(String message, Throwable cause) {
    super(message, cause);
  }

  ShimUnreachable(String message) {
    super(message);
  }
}
