package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainTest {
  private static final Instant NOW = Instant.parse("2026-01-31T09:30:00Z");

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "999, 999 B",
    "1000, 1.00 kB",
    "1234, 1.23 kB",
    "12345, 12.3 kB",
    "123456, 123 kB",
    "999499, 999 kB",
    "999500, 1.00 MB",
    "4260000, 4.26 MB",
    "9994999, 9.99 MB",
    "9999999, 10.0 MB",
    "2700000000, 2.70 GB",
    "9223372036854775807, 9.22 EB"
  })
  void bytesHaveThreeDigits(long bytes, String expected) {
    assertThat(Plain.bytes(bytes)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0s",
    "PT-5S, 0s",
    "PT119S, 119s",
    "PT2M, 2m",
    "PT119M, 119m",
    "PT2H, 2h",
    "PT47H, 47h",
    "P2D, 2d",
    "P400D, 400d"
  })
  void agesHaveOneUnit(Duration ago, String expected) {
    assertThat(Plain.age(NOW.minus(ago), NOW)).isEqualTo(expected);
  }

  @Test
  void whatNeverHappenedHasNoAge() {
    assertThat(Plain.age(0, NOW)).isEqualTo("-");
  }

  @Test
  void idsAreShortenedWithoutTheirAlgorithm() {
    assertThat(Plain.shortId("sha256:0123456789abcdef")).isEqualTo("0123456789abc");
    assertThat(Plain.shortId("abc")).isEqualTo("abc");
  }

  @Test
  void controlCharactersDoNotReachTheTerminal() {
    assertThat(Plain.text("a\u001b]0;x\u0007\u009b2J\r\nb\tc")).isEqualTo("a]0;x2J b c");
    assertThat(Plain.text("naïve 🔥")).isEqualTo("naïve 🔥");
  }

  @Test
  void tableColumnsAreAsWideAsTheirWidestCellAndLinesHaveNoTrailingSpace() {
    var table = new Table("A", "LONG", "C");
    table.row("wide cell", "x", "y");
    table.row("", "", "z");
    var out = new ByteArrayOutputStream();
    table.print(new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            A           LONG   C
            wide cell   x      y
                               z
            """);
  }
}
