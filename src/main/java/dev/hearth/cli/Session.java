package dev.hearth.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What one command runs with.
 *
 * @param patience how long a call that should be quick may take
 */
record Session(Shell shell, Path socket, Duration patience) {
  private static final List<String> KNOWN_REASONS =
      List.of("Connection refused", "Permission denied", "No such file");

  PrintStream out() {
    return shell.out();
  }

  /**
   * Opens a connection.
   *
   * @throws CommandFailure if there is no socket
   */
  Daemon daemon() {
    return Daemon.at(socket, patience);
  }

  /** What a refusal means to the user of a command line. */
  CommandFailure failure(StatusRuntimeException refused) {
    Status status = refused.getStatus();
    String said = status.getDescription() == null ? "" : status.getDescription();
    return switch (status.getCode()) {
      case NOT_FOUND -> CommandFailure.notFound(said, refused);
      case UNAVAILABLE -> unavailable(said, refused);
      case DEADLINE_EXCEEDED -> late(said, refused);
      case UNIMPLEMENTED ->
          CommandFailure.failed(
              "the daemon at %s does not do that: %s".formatted(socket, said), refused);
      default ->
          CommandFailure.failed(
              said.isEmpty() ? "the daemon answered " + status.getCode() : said, refused);
    };
  }

  /** Either there is no daemon, or it is there and says "not now". */
  private CommandFailure unavailable(String said, StatusRuntimeException refused) {
    return refused.getStatus().getCause() instanceof IOException cause
        ? CommandFailure.unreachable(
            "no daemon at %s: %s; is hearthd running, and may you use its socket?"
                .formatted(socket, reason(cause)),
            refused)
        : CommandFailure.failed(said, refused);
  }

  /** Either our own deadline passed, as the words of gRPC's client tell, or one of the daemon's. */
  private CommandFailure late(String said, StatusRuntimeException refused) {
    return said.contains("CallOptions")
        ? CommandFailure.unreachable(
            "the daemon at %s gave no answer within %d s; --patience waits longer"
                .formatted(socket, patience.toSeconds()),
            refused)
        : CommandFailure.failed(said, refused);
  }

  /** "Connection refused" out of Netty's "finishConnect(..) failed with error(-111): ...: path". */
  private static String reason(IOException cause) {
    String message = String.valueOf(cause.getMessage());
    return KNOWN_REASONS.stream()
        .filter(message::contains)
        .findFirst()
        .map(known -> known.toLowerCase(Locale.ROOT))
        .orElse(message);
  }
}
