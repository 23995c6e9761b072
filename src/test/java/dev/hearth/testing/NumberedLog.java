package dev.hearth.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The CRI log of a container that writes 1, 2, 3 and so on, a number a line. */
public record NumberedLog(Path file) {

  /** The last number of a complete line, 0 before there is one. */
  public long last() throws IOException {
    List<Long> numbers = numbers();
    return numbers.isEmpty() ? 0 : numbers.getLast();
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
