package dev.hearth.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Values as people read them. */
final class Plain {
  private static final int SHORT_ID = 13;

  private Plain() {}

  /**
   * The text without control characters: names, reasons and messages can come out of an image, and
   * an escape sequence in them must not reach the terminal. Line breaks become spaces.
   */
  static String text(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    var plain = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c == '\n' || c == '\t' ? ' ' : c)
        .filter(c -> !Character.isISOControl(c))
        .forEach(plain::appendCodePoint);
    return plain.toString();
  }

  /** The beginning of an id, long enough to be unique on a node. */
  static String shortId(String id) {
    String digits = id.startsWith("sha256:") ? id.substring("sha256:".length()) : id;
    return digits.length() <= SHORT_ID ? digits : digits.substring(0, SHORT_ID);
  }

  /** How long ago, in its largest unit: 42s, 7m, 5h, 12d. */
  static String age(Instant then, Instant now) {
    Duration age = Duration.between(then, now);
    if (age.isNegative()) {
      return "0s";
    }
    if (age.toMinutes() < 2) {
      return age.toSeconds() + "s";
    }
    if (age.toHours() < 2) {
      return age.toMinutes() + "m";
    }
    return age.toDays() < 2 ? age.toHours() + "h" : age.toDays() + "d";
  }

  /** The same for CRI's nanoseconds since the epoch; a dash for 0. */
  static String age(long nanos, Instant now) {
    return nanos == 0 ? "-" : age(Instant.ofEpochSecond(0, nanos), now);
  }

  /** A size with three digits and a decimal unit: 812 B, 4.26 MB. */
  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double size = bytes;
    int unit = -1;
    // 999.5 would show as 1000 of the smaller unit.
    while (size >= 999.5) {
      size /= 1000;
      unit++;
    }
    int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return String.format(Locale.ROOT, "%." + decimals + "f %cB", size, "kMGTPE".charAt(unit));
  }
}
