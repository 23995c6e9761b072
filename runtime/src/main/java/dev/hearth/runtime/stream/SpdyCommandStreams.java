package dev.hearth.runtime.stream;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Gathers the streams that a client of exec or attach opens one after the other. */
final class SpdyCommandStreams {
  /** How long a client may take, as the peers have it. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private enum Kind {
    ERROR,
    STDIN,
    STDOUT,
    STDERR,
    RESIZE
  }

  private final Set<Kind> expected = EnumSet.of(Kind.ERROR);

  /** Written on the event loop, read when it is complete. */
  private final Map<Kind, SpdyStream> streams = new EnumMap<>(Kind.class);

  private final CompletableFuture<Map<Kind, SpdyStream>> complete = new CompletableFuture<>();

  SpdyCommandStreams(StdioRequest stdio, CommandProtocol protocol) {
    expect(stdio.stdin(), Kind.STDIN);
    expect(stdio.stdout(), Kind.STDOUT);
    expect(stdio.stderr(), Kind.STDERR);
    expect(stdio.terminal() && protocol.resizes(), Kind.RESIZE);
  }

  private void expect(boolean wanted, Kind kind) {
    if (wanted) {
      expected.add(kind);
    }
  }

  /** On the event loop: takes a stream that is expected, once. */
  boolean accept(SpdyStream stream) {
    String type = stream.header("streamtype").toUpperCase(Locale.ROOT);
    for (Kind kind : expected) {
      if (kind.name().equals(type) && streams.putIfAbsent(kind, stream) == null) {
        if (streams.keySet().equals(expected)) {
          complete.complete(Map.copyOf(streams));
        }
        return true;
      }
    }
    return false;
  }

  /**
   * Waits until the client has opened all of them.
   *
   * @throws TimeoutException if it does not, or is gone
   */
  CommandClient await(SpdyConnection connection, CommandProtocol protocol)
      throws TimeoutException, InterruptedException {
    connection.onGone(() -> complete.cancel(false));
    Map<Kind, SpdyStream> all;
    try {
      all = complete.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | CancellationException e) {
      throw new TimeoutException("the client went away before it had opened its streams");
    }
    ClientStream error = all.get(Kind.ERROR);
    if (error == null) {
      throw new IllegalStateException("complete without an error stream");
    }
    return new CommandClient(
        connection,
        protocol,
        stream(all, Kind.STDIN),
        stream(all, Kind.STDOUT),
        stream(all, Kind.STDERR),
        stream(all, Kind.RESIZE),
        error);
  }

  private static Optional<ClientStream> stream(Map<Kind, SpdyStream> all, Kind kind) {
    return Optional.ofNullable(all.get(kind));
  }
}
