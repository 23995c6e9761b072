package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.registry.RegistryException;
import dev.hearth.runtime.snapshot.LayerException;
import dev.hearth.runtime.store.StoreException;
import java.io.IOException;
import java.util.Locale;

/** Turns what the packages below throw into what callers of verbs act on. */
final class ImageFailures {
  private ImageFailures() {}

  /**
   * @param what failed, on which image; begins the message
   */
  static HearthException of(String what, Exception failure) {
    String message = what + ": " + failure.getMessage();
    return switch (failure) {
      case HearthException e -> e;
      case RegistryException e -> of(message, e);
      case ContentException.DiskFull e -> new HearthException.LimitReached(message, e);
      case ContentException.InUse e -> new HearthException.Busy(message, e);
      case LayerException e -> of(message, e);
      case IOException e when isDiskFull(e) -> diskFull(message, e);
      case StoreException e when isDiskFull(e) -> diskFull(message, e);
      default -> new HearthException.HostFailure(message, failure);
    };
  }

  private static HearthException of(String message, RegistryException failure) {
    return switch (failure) {
      case RegistryException.NotFound e -> new HearthException.NotFound(message);
      case RegistryException.Denied e -> new HearthException.AccessDenied(message, e);
      case RegistryException.Unreachable e -> new HearthException.Busy(message, e);
      case RegistryException.ProtocolViolation e -> new HearthException.HostFailure(message, e);
      case RegistryException.DigestMismatch e -> new HearthException.HostFailure(message, e);
      case RegistryException.Misconfigured e -> new HearthException.HostFailure(message, e);
    };
  }

  private static HearthException of(String message, LayerException failure) {
    return switch (failure.reason()) {
      case LIMIT -> new HearthException.LimitReached(message, failure);
      case UNSUPPORTED -> new HearthException.Unsupported(message);
      case MALFORMED, UNSAFE, WRONG_DIGEST -> new HearthException.HostFailure(message, failure);
    };
  }

  private static HearthException diskFull(String message, Exception failure) {
    return new HearthException.LimitReached(
        message + ": the disk is full; free some space and try again", failure);
  }

  /** Java tells ENOSPC and EDQUOT only by the text of strerror(3). */
  private static boolean isDiskFull(Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      if (text.contains("no space left") || text.contains("quota exceeded")) {
        return true;
      }
    }
    return false;
  }
}
