package dev.hearth.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The CRI log of a container that writes 1, 2, 3 and so on, a number a line. */
public record NumberedLog(Path file) {
  /** Bytes that hold some lines. */
  private static final int LINES = 256;

  /** The last number of a complete line, 0 before there is one. */
  public long last() throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    // Only the end is read: this is asked again and again, of a log that grows.
    try (FileChannel log = FileChannel.open(file)) {
      ByteBuffer end = ByteBuffer.allocate(LINES);
      log.read(end, Math.max(0, log.size() - LINES));
      String text = new String(end.array(), 0, end.position(), StandardCharsets.US_ASCII);
      List<String> complete = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
      return complete.isEmpty() ? 0 : number(complete.getLast());
    }
  }

  /**
   * Checks that no number is missing or there twice.
   *
   * @return how many there are
   */
  public long requireNoGap() throws IOException {
    long expected = 0;
    for (long number : numbers()) {
      expected++;
      if (number != expected) {
        throw new IllegalStateException(
            "the log has " + number + " where " + expected + " belongs: " + file);
      }
    }
    return expected;
  }

  /**
   * Waits until the log has a number.
   *
   * @return the last one it has then
   */
  public long await(long number, Duration limit) throws IOException {
    Await.until(
        "line " + number + " of " + file,
        limit,
        () -> {
          try {
            return last() >= number;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    return last();
  }

  private List<Long> numbers() throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    String text = Files.readString(file);
    // The last line may be half written at this moment.
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().map(this::number).toList();
  }

  /** A line is TIME STREAM TAG CONTENT, see the kubelet's CRI log format. */
  private long number(String line) {
    List<String> parts = List.of(line.split(" ", 4));
    if (parts.size() != 4 || !parts.get(1).equals("stdout") || !parts.get(2).equals("F")) {
      throw new IllegalStateException(
          "not a whole line of standard output in " + file + ": " + line);
    }
    return Long.parseLong(parts.get(3));
  }
}
