package dev.hearth.runtime.content;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A blob could not be written, read or deleted. The message names it and the directory. */
public abstract sealed class ContentException extends Exception {
  private static final long serialVersionUID = 1;

  private ContentException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The blob is not here. */
  public static final class Missing extends ContentException {
    private static final long serialVersionUID = 1;

    Missing(Digest digest, Path directory) {
      super("blob " + digest + " is not in " + directory, null);
    }
  }

  /** The bytes are not those that the digest names. */
  public static final class Corrupt extends ContentException {
    private static final long serialVersionUID = 1;

    Corrupt(String message) {
      super(message, null);
    }
  }

  /** Somebody else is writing this blob at this moment. */
  public static final class InUse extends ContentException {
    private static final long serialVersionUID = 1;

    InUse(Digest digest) {
      super("blob " + digest + " is being written by another", null);
    }
  }

  /** The file system has no room, or a quota is used up. What was written so far is kept. */
  public static final class DiskFull extends ContentException {
    private static final long serialVersionUID = 1;

    DiskFull(String message, IOException cause) {
      super(message, cause);
    }
  }

  /** The file system failed otherwise. */
  public static final class Failed extends ContentException {
    private static final long serialVersionUID = 1;

    Failed(String message, IOException cause) {
      super(message, cause);
    }
  }

  /** Java gives ENOSPC and EDQUOT no type of their own, only the text of strerror(3). */
  static ContentException of(String what, IOException cause) {
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("no space left") || text.contains("quota exceeded")) {
      return new DiskFull(what + ": the disk is full; free some space and try again", cause);
    }
    return new Failed(what + ": " + cause.getMessage(), cause);
  }
}
