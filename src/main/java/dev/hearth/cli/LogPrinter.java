package dev.hearth.cli;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Writes records of a log to where the container wrote them: standard output or standard error. The
 * pieces of a partial line come out as one line again.
 */
final class LogPrinter implements LogDecoder.Sink {
  private static final int BUFFER = 1 << 16;

  private final Map<LogRecordHead.Stream, Output> outputs =
      new EnumMap<>(LogRecordHead.Stream.class);
  private final boolean timestamps;
  private Optional<Instant> since;
  private Output current;
  private boolean partial;
  private boolean skipped;

  LogPrinter(Shell shell, boolean timestamps, Optional<Instant> since) {
    outputs.put(LogRecordHead.Stream.STDOUT, new Output(shell.out()));
    outputs.put(LogRecordHead.Stream.STDERR, new Output(shell.err()));
    this.timestamps = timestamps;
    this.since = since;
    this.current = output(LogRecordHead.Stream.STDOUT);
  }

  @Override
  public void begin(LogRecordHead head) {
    skipped = isTooOld(head);
    Output next = output(head.stream());
    if (next != current) {
      current.flush(); // Both may be the same terminal.
      current = next;
    }
    partial = head.partial();
    if (timestamps && !skipped && !current.midLine && !head.timestamp().isEmpty()) {
      byte[] stamp = (head.timestamp() + " ").getBytes(StandardCharsets.US_ASCII);
      current.write(stamp, 0, stamp.length);
    }
  }

  @Override
  public void content(byte[] bytes, int offset, int length) {
    if (!skipped) {
      current.write(bytes, offset, length);
    }
  }

  @Override
  public void end() {
    if (skipped) {
      return;
    }
    current.midLine = partial;
    if (!partial) {
      current.write(new byte[] {'\n'}, 0, 1);
    }
  }

  /**
   * Hands on all that was written.
   *
   * @return false when nobody reads it any more
   */
  boolean flush() {
    boolean read = true;
    for (Output output : outputs.values()) {
      read &= output.flush();
    }
    return read;
  }

  /** Records are in the order of their time, so nothing is compared after the first young one. */
  private boolean isTooOld(LogRecordHead head) {
    if (since.isEmpty()) {
      return false;
    }
    try {
      if (OffsetDateTime.parse(head.timestamp()).toInstant().isBefore(since.get())) {
        return true;
      }
    } catch (DateTimeException e) {
      return skipped; // No record: it belongs to the one before.
    }
    since = Optional.empty();
    return false;
  }

  private Output output(LogRecordHead.Stream stream) {
    return Objects.requireNonNull(outputs.get(stream));
  }

  /** One of the two streams, buffered. */
  private static final class Output {
    private final PrintStream to;
    private final byte[] buffer = new byte[BUFFER];
    private int used;
    private boolean midLine;

    Output(PrintStream to) {
      this.to = to;
    }

    void write(byte[] bytes, int offset, int length) {
      if (length > buffer.length - used) {
        flush();
      }
      if (length > buffer.length) {
        to.write(bytes, offset, length);
        return;
      }
      System.arraycopy(bytes, offset, buffer, used, length);
      used += length;
    }

    boolean flush() {
      to.write(buffer, 0, used);
      used = 0;
      return !to.checkError(); // Which flushes.
    }
  }
}
