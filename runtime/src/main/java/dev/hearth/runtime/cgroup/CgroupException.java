package dev.hearth.runtime.cgroup;

import org.jspecify.annotations.Nullable;

/** A control group operation that failed: what, on which group, and what can be done about it. */
public final class CgroupException extends Exception {
  private static final long serialVersionUID = 1;

  /** Why, in terms a caller can act on. */
  public enum Reason {
    /** The group is not there, or is no longer. */
    ABSENT,
    /** The group holds processes or children, or more memory than the limit asked for. */
    BUSY,
    /** This host has no such controller, file or driver. */
    UNSUPPORTED,
    /** The kernel refuses the value, or the value makes no sense. */
    INVALID,
    /** The deadline passed first. */
    TIMED_OUT,
    /** Anything else the host answered. */
    FAILED
  }

  private final Reason reason;

  public CgroupException(Reason reason, String message) {
    this(reason, message, null);
  }

  public CgroupException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  boolean is(Reason candidate) {
    return reason == candidate;
  }
}
