package dev.hearth.runtime.snapshot;

import java.io.IOException;

/**
 * A root file system that cannot be had as asked. What fails on the host is another {@link
 * IOException}.
 */
public final class SnapshotException extends IOException {
  private static final long serialVersionUID = 1;

  /** What is in the way. */
  public enum Reason {
    /** A layer is not in the store, or no longer whole: pull the image again. */
    MISSING_LAYER,
    /** No root file system was prepared for this container. */
    UNKNOWN_CONTAINER,
    /** One of other layers was prepared for this container. */
    CONFLICT,
    /** More layers than overlayfs stacks. */
    TOO_MANY_LAYERS,
    /** A file system that cannot be shown through a user namespace. */
    NOT_MAPPABLE,
    /** An image has nothing at the path asked for. */
    NO_SUCH_PATH,
  }

  private final Reason reason;

  SnapshotException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
