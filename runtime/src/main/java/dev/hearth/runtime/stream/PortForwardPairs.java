package dev.hearth.runtime.stream;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Pairs the streams that a port-forward client opens: for each connection one of data and one of
 * errors, with the same request id. On the event loop.
 */
final class PortForwardPairs {
  private static final int LAST_PORT = 65535;

  private final PairConsumer consumer;
  private final Map<String, Half> halves = new HashMap<>();

  /** What is done with a pair. */
  interface PairConsumer {
    void take(Conversations.Forwarded pair);

    /** Runs a task on the event loop after a while. */
    void later(Duration delay, Runnable task);
  }

  private record Half(SpdyStream stream, boolean isError, int port) {}

  PortForwardPairs(PairConsumer consumer) {
    this.consumer = consumer;
  }

  /** Takes a stream of a pair; refuses what is none. */
  boolean accept(SpdyStream stream) {
    String type = stream.header("streamtype");
    boolean isError = type.equals("error");
    int port = port(stream.header("port"));
    if (port < 1 || !(isError || type.equals("data"))) {
      return false;
    }
    String id = requestId(stream, isError);
    Half other = halves.remove(id);
    if (other == null) {
      Half half = new Half(stream, isError, port);
      halves.put(id, half);
      consumer.later(SpdyCommandStreams.PATIENCE, () -> giveUp(id, half));
      return true;
    }
    if (other.isError() == isError) {
      halves.put(id, other);
      return false;
    }
    consumer.take(
        isError
            ? new Conversations.Forwarded(other.port(), other.stream(), stream)
            : new Conversations.Forwarded(port, stream, other.stream()));
    return true;
  }

  private void giveUp(String id, Half half) {
    if (halves.remove(id, half)) {
      half.stream().reset();
    }
  }

  /** Older clients number no requests, and open the error stream first. */
  private static String requestId(SpdyStream stream, boolean isError) {
    String id = stream.header("requestid");
    if (!id.isEmpty()) {
      return "request " + id;
    }
    return "stream " + (isError ? stream.id() : stream.id() - 2);
  }

  /** 0 if it is none. */
  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      return port > LAST_PORT ? 0 : port;
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
