package dev.hearth.runtime.model;

import org.jspecify.annotations.Nullable;

/**
 * Why a verb failed, in terms its caller can act on. Verbs turn the checked exceptions of the
 * packages below them into one of these; a single interceptor maps them to gRPC status codes.
 *
 * <p>A message says what failed, on which object, and what the operator can do. The failure of a
 * clean-up is a suppressed exception, never a replacement.
 */
public abstract sealed class HearthException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private HearthException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The request itself is wrong; repeating it cannot help. INVALID_ARGUMENT. */
  public static final class InvalidRequest extends HearthException {
    private static final long serialVersionUID = 1;

    public InvalidRequest(String message) {
      super(message, null);
    }

    public InvalidRequest(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The object named does not exist. NOT_FOUND. */
  public static final class NotFound extends HearthException {
    private static final long serialVersionUID = 1;

    public NotFound(String message) {
      super(message, null);
    }
  }

  /** The object exists and is in a state that does not allow this. FAILED_PRECONDITION. */
  public static final class WrongState extends HearthException {
    private static final long serialVersionUID = 1;

    public WrongState(String message) {
      super(message, null);
    }

    public WrongState(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Not now: try again. UNAVAILABLE. */
  public static final class Busy extends HearthException {
    private static final long serialVersionUID = 1;

    public Busy(String message) {
      super(message, null);
    }

    public Busy(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A bound of ours or of the host was reached. RESOURCE_EXHAUSTED. */
  public static final class LimitReached extends HearthException {
    private static final long serialVersionUID = 1;

    public LimitReached(String message) {
      super(message, null);
    }

    public LimitReached(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A deadline of the request or of ours ran out. DEADLINE_EXCEEDED. */
  public static final class TimedOut extends HearthException {
    private static final long serialVersionUID = 1;

    public TimedOut(String message) {
      super(message, null);
    }
  }

  /** The credentials were refused. UNAUTHENTICATED. */
  public static final class AccessDenied extends HearthException {
    private static final long serialVersionUID = 1;

    public AccessDenied(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Hearth, or this host, does not do that. UNIMPLEMENTED. */
  public static final class Unsupported extends HearthException {
    private static final long serialVersionUID = 1;

    public Unsupported(String message) {
      super(message, null);
    }
  }

  /** The host failed us: a system call, a disk, a peer process. INTERNAL. */
  public static final class HostFailure extends HearthException {
    private static final long serialVersionUID = 1;

    public HostFailure(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
