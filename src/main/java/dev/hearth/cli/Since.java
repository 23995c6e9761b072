package dev.hearth.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A moment as an operator names it: how long ago, or when. */
sealed interface Since {
  Pattern SPAN =
      Pattern.compile("(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+(?:\\.\\d{1,9})?)s)?");

  Instant at(Instant now, Supplier<ZoneId> zone);

  record Ago(Duration span) implements Since {
    @Override
    public Instant at(Instant now, Supplier<ZoneId> zone) {
      return now.minus(span);
    }
  }

  record Moment(Instant instant) implements Since {
    @Override
    public Instant at(Instant now, Supplier<ZoneId> zone) {
      return instant;
    }
  }

  /** A date or time without an offset, which is the user's. */
  record Local(LocalDateTime time) implements Since {
    @Override
    public Instant at(Instant now, Supplier<ZoneId> zone) {
      return time.atZone(zone.get()).toInstant();
    }
  }

  /**
   * Reads 90s, 10m, 1h30m, 2d, or an ISO 8601 date or time.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Since parse(String text) {
    Matcher span = SPAN.matcher(text);
    if (!text.isEmpty() && span.matches()) {
      return new Ago(span(span));
    }
    String time = text.toUpperCase(Locale.ROOT);
    try {
      if (!time.contains("T")) {
        return new Local(LocalDate.parse(time).atStartOfDay());
      }
      return time.matches(".*T.*(Z|[+-]\\d\\d:?\\d\\d)")
          ? new Moment(OffsetDateTime.parse(time).toInstant())
          : new Local(LocalDateTime.parse(time));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "neither a span (10m, 1h30m) nor a time (2026-01-31T09:30:00Z): " + text, e);
    }
  }

  private static Duration span(Matcher parts) {
    try {
      return Duration.ofDays(number(parts.group(1)))
          .plusHours(number(parts.group(2)))
          .plusMinutes(number(parts.group(3)))
          .plus(Duration.parse("PT" + (parts.group(4) == null ? "0" : parts.group(4)) + "S"));
    } catch (ArithmeticException | DateTimeException | NumberFormatException e) {
      throw new IllegalArgumentException("too long a span: " + parts.group(), e);
    }
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
