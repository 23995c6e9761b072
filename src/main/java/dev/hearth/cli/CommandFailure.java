package dev.hearth.cli;

import org.jspecify.annotations.Nullable;

/**
 * Ends a command with one line on standard error and an {@link ExitCode}. The message says what
 * failed, on what, and what to do about it.
 */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exitCode;

  private CommandFailure(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  static CommandFailure failed(String message) {
    return new CommandFailure(ExitCode.FAILED, message, null);
  }

  static CommandFailure failed(String message, Throwable cause) {
    return new CommandFailure(ExitCode.FAILED, message, cause);
  }

  static CommandFailure usage(String message) {
    return new CommandFailure(ExitCode.USAGE, message, null);
  }

  static CommandFailure unreachable(String message, @Nullable Throwable cause) {
    return new CommandFailure(ExitCode.UNREACHABLE, message, cause);
  }

  static CommandFailure notFound(String message) {
    return new CommandFailure(ExitCode.NOT_FOUND, message, null);
  }

  static CommandFailure notFound(String message, Throwable cause) {
    return new CommandFailure(ExitCode.NOT_FOUND, message, cause);
  }

  int exitCode() {
    return exitCode;
  }
}
