package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SinceTest {
  private static final Instant NOW = Instant.parse("2026-01-31T09:30:00Z");

  @ParameterizedTest
  @CsvSource({
    "90s, 2026-01-31T09:28:30Z",
    "1.5s, 2026-01-31T09:29:58.500Z",
    "10m, 2026-01-31T09:20:00Z",
    "1h30m, 2026-01-31T08:00:00Z",
    "2d, 2026-01-29T09:30:00Z",
    "2026-01-30T00:00:00Z, 2026-01-30T00:00:00Z",
    "2026-01-30T00:00:00.5+01:00, 2026-01-29T23:00:00.500Z",
    "2026-01-30T00:00:00, 2026-01-29T22:00:00Z",
    "2026-01-30, 2026-01-29T22:00:00Z"
  })
  void isASpanOrATime(String text, Instant expected) {
    assertThat(Since.parse(text).at(NOW, () -> ZoneOffset.ofHours(2))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10",
        "m",
        "yesterday",
        "-5m",
        "5m1h",
        "2026-13-01",
        "2026-01-30T25:00:00Z",
        "99999999999999999999d",
        "9223372036854775807d"
      })
  void isNothingElse(String text) {
    assertThatThrownBy(() -> Since.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
