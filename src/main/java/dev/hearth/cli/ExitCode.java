package dev.hearth.cli;

/** The codes {@code hearth} ends with. Each {@code --help} prints them. */
final class ExitCode {
  static final int OK = 0;

  /** The daemon was asked and said no, or could not. */
  static final int FAILED = 1;

  /** The command line makes no sense. */
  static final int USAGE = 2;

  /** No daemon answers on the socket. */
  static final int UNREACHABLE = 3;

  /** What was named is not there. */
  static final int NOT_FOUND = 4;

  private ExitCode() {}
}
