package dev.hearth.runtime.snapshot;

/**
 * A layer that cannot be had as it is: the fault lies in its bytes, not in this host (that is an
 * {@link java.io.IOException}). Nothing of the layer is kept.
 */
public final class LayerException extends Exception {
  private static final long serialVersionUID = 1;

  /** What is wrong with the layer. */
  public enum Reason {
    /** The stream is no archive, ends early, or contradicts itself. */
    MALFORMED,
    /** An entry tries to reach what is not the layer's own. */
    UNSAFE,
    /** A bound of {@link LayerLimits} is exceeded. */
    LIMIT,
    /** The uncompressed bytes have not the digest the image's configuration promises. */
    WRONG_DIGEST,
    /** A media type, compression or kind of entry that Hearth does not unpack. */
    UNSUPPORTED,
  }

  private final Reason reason;

  public LayerException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public LayerException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  static LayerException malformed(String message) {
    return new LayerException(Reason.MALFORMED, message);
  }

  static LayerException unsafe(String message) {
    return new LayerException(Reason.UNSAFE, message);
  }

  static LayerException limit(String message) {
    return new LayerException(Reason.LIMIT, message);
  }

  static LayerException unsupported(String message) {
    return new LayerException(Reason.UNSUPPORTED, message);
  }

  public Reason reason() {
    return reason;
  }
}
