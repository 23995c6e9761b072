package dev.hearth.runtime.store;

import java.io.IOException;

/** A record could not be written, read or deleted. The message names it. */
public final class StoreException extends Exception {
  private static final long serialVersionUID = 1;

  StoreException(String message, IOException cause) {
    super(message, cause);
  }
}
