package dev.hearth.runtime.checkpoint;

import java.io.IOException;

/** A checkpoint cannot be made, read or brought back to life. */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1;

  /** Whose fault it is. */
  public enum Reason {
    /** The node has no criu that works. */
    NO_CRIU,
    /** The archive is not what it must be. */
    BAD_ARCHIVE,
    /** The processes, or what they have open, cannot be saved. */
    NOT_SAVED,
    /** They cannot be brought back here. */
    NOT_RESTORED,
  }

  private final Reason reason;

  public CheckpointException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public CheckpointException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
