package dev.hearth.runtime.registry;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A registry did not give what was asked of it. Messages name the registry's host and the
 * repository, and say what can be done; they hold no credential, no header and no URL, since the
 * URLs of blobs are often signed.
 */
public abstract sealed class RegistryException extends Exception {
  private static final long serialVersionUID = 1;

  private RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The registry answers and has no such repository, tag or blob. */
  public static final class NotFound extends RegistryException {
    private static final long serialVersionUID = 1;

    NotFound(String message) {
      super(message, null);
    }
  }

  /** The registry wants other credentials, or refuses these. */
  public static final class Denied extends RegistryException {
    private static final long serialVersionUID = 1;

    Denied(String message) {
      super(message, null);
    }
  }

  /** The registry does not answer, or answers that it cannot now. Retries were in vain. */
  public static final class Unreachable extends RegistryException {
    private static final long serialVersionUID = 1;

    Unreachable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** The registry's answer is not what the protocol allows, or beyond our bounds. */
  public static final class ProtocolViolation extends RegistryException {
    private static final long serialVersionUID = 1;

    public ProtocolViolation(String message) {
      super(message, null);
    }

    ProtocolViolation(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** The content is not what its digest names. */
  public static final class DigestMismatch extends RegistryException {
    private static final long serialVersionUID = 1;

    DigestMismatch(String message) {
      super(message, null);
    }
  }

  /** The configuration of registry hosts on this machine is wrong. */
  public static final class Misconfigured extends RegistryException {
    private static final long serialVersionUID = 1;

    Misconfigured(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** This failure, telling also how the hosts failed that were tried before. */
  RegistryException after(List<RegistryException> earlier) {
    if (earlier.isEmpty()) {
      return this;
    }
    String message =
        getMessage()
            + earlier.stream()
                .map(Throwable::getMessage)
                .collect(Collectors.joining("; ", " (tried before: ", ")"));
    RegistryException whole =
        switch (this) {
          case NotFound e -> new NotFound(message);
          case Denied e -> new Denied(message);
          case Unreachable e -> new Unreachable(message, e.getCause());
          case ProtocolViolation e -> new ProtocolViolation(message, e.getCause());
          case DigestMismatch e -> new DigestMismatch(message);
          case Misconfigured e -> new Misconfigured(message, e.getCause());
        };
    earlier.forEach(whole::addSuppressed);
    return whole;
  }
}
