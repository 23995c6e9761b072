package dev.hearth.cli;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Takes a container's log apart, in pieces of any size and without ever holding a whole record. The
 * format is the kubelet's (Kubernetes design "CRI: log management for container stdout/stderr
 * streams"):
 *
 * <pre>
 * 2026-01-31T09:30:01.123456789Z stdout F the content
 * </pre>
 *
 * with {@code P} instead of {@code F} where the line is continued in a later record. A line of
 * another form is taken as content of standard output.
 */
final class LogDecoder {
  /** Gets each record as beginning, content in any number of pieces, end. */
  interface Sink {
    void begin(LogRecordHead head);

    void content(byte[] bytes, int offset, int length);

    void end();
  }

  /** Room for any timestamp, "stderr" and a few tags. */
  static final int LONGEST_HEAD = 128;

  private static final LogRecordHead NO_RECORD =
      new LogRecordHead("", LogRecordHead.Stream.STDOUT, false);

  private final Sink sink;
  private final byte[] head = new byte[LONGEST_HEAD];
  private int headLength;
  private int spaces;
  private boolean inContent;

  LogDecoder(Sink sink) {
    this.sink = sink;
  }

  void decode(byte[] bytes, int offset, int length) {
    int end = offset + length;
    int at = offset;
    while (at < end) {
      at = inContent ? content(bytes, at, end) : head(bytes, at, end);
    }
  }

  /** Forgets a record that was cut off, as at the end of a file that is left for another. */
  void abandon() {
    if (inContent) {
      endRecord();
    }
    headLength = 0;
    spaces = 0;
  }

  /** The head that these bytes begin with; empty where they are no record's beginning. */
  static Optional<LogRecordHead> headAt(byte[] bytes, int length) {
    int seen = 0;
    int end = 0;
    while (end < length && bytes[end] != '\n' && seen < 3) {
      seen += bytes[end] == ' ' ? 1 : 0;
      end++;
    }
    return parse(bytes, end);
  }

  private int content(byte[] bytes, int from, int end) {
    int newline = from;
    while (newline < end && bytes[newline] != '\n') {
      newline++;
    }
    if (newline > from) {
      sink.content(bytes, from, newline - from);
    }
    if (newline == end) {
      return end;
    }
    endRecord();
    return newline + 1;
  }

  private void endRecord() {
    sink.end();
    inContent = false;
  }

  private int head(byte[] bytes, int from, int end) {
    int at = from;
    while (at < end) {
      byte next = bytes[at++];
      if (next == '\n') {
        beginContent();
        endRecord();
        return at;
      }
      head[headLength++] = next;
      if ((next == ' ' && ++spaces == 3) || headLength == LONGEST_HEAD) {
        beginContent();
        return at;
      }
    }
    return at;
  }

  private void beginContent() {
    Optional<LogRecordHead> parsed = parse(head, headLength);
    sink.begin(parsed.orElse(NO_RECORD));
    if (parsed.isEmpty() && headLength > 0) {
      sink.content(head, 0, headLength);
    }
    headLength = 0;
    spaces = 0;
    inContent = true;
  }

  private static Optional<LogRecordHead> parse(byte[] head, int length) {
    String[] parts = new String(head, 0, length, StandardCharsets.ISO_8859_1).split(" ", -1);
    if (parts.length < 3 || parts[0].isEmpty()) {
      return Optional.empty();
    }
    // Tags are separated by colons, and only the first has a meaning.
    boolean partial = parts[2].equals("P") || parts[2].startsWith("P:");
    if (!partial && !parts[2].equals("F") && !parts[2].startsWith("F:")) {
      return Optional.empty();
    }
    return switch (parts[1]) {
      case "stdout" ->
          Optional.of(new LogRecordHead(parts[0], LogRecordHead.Stream.STDOUT, partial));
      case "stderr" ->
          Optional.of(new LogRecordHead(parts[0], LogRecordHead.Stream.STDERR, partial));
      default -> Optional.empty();
    };
  }
}
