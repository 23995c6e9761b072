package dev.hearth.runtime.cdi;

/** A file does not describe devices as the specification has it. */
final class BrokenSpecException extends Exception {
  private static final long serialVersionUID = 1;

  /** Messages of parsers show the place on lines of their own; a log's line is one. */
  BrokenSpecException(String message) {
    super(message.replaceAll("\\s+", " ").strip());
  }
}
