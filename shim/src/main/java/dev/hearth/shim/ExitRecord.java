package dev.hearth.shim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a shim has left of a container that ended; container.h describes the file.
 *
 * @param lostLogBytes of its output that could not be written to the log
 */
public record ExitRecord(int pid, Instant startedAt, ContainerExit exit, long lostLogBytes) {
  private static final String FORMAT = "hearth-exit";

  /**
   * Reads it; empty if it is not there.
   *
   * @throws IOException if it cannot be read, or is none
   */
  public static Optional<ExitRecord> read(Path path) throws IOException {
    String content;
    try {
      content = Files.readString(path);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(parse(content));
    } catch (IllegalArgumentException e) {
      throw new IOException("not an exit record: " + path, e);
    }
  }

  static ExitRecord parse(String content) {
    Map<String, Long> values = new HashMap<>();
    for (String line : content.lines().toList()) {
      int blank = line.indexOf(' ');
      if (blank < 0) {
        throw new IllegalArgumentException("line without a value: " + line);
      }
      values.put(line.substring(0, blank), Long.parseLong(line.substring(blank + 1)));
    }
    if (value(values, FORMAT) != 1) {
      throw new IllegalArgumentException("unknown format " + values.get(FORMAT));
    }
    ContainerExit exit =
        new ContainerExit(
            (int) value(values, "code"),
            (int) value(values, "signal"),
            Times.instant(value(values, "finished")),
            value(values, "oom-kills"));
    return new ExitRecord(
        (int) value(values, "pid"),
        Times.instant(value(values, "started")),
        exit,
        value(values, "lost-log-bytes"));
  }

  private static long value(Map<String, Long> values, String key) {
    Long value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key);
    }
    return value;
  }
}
