package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LogDecoderTest {
  private static final String LOG =
      """
      2026-01-31T09:30:00.000000001Z stdout F one
      2026-01-31T09:30:00.000000002Z stderr F bad
      2026-01-31T09:30:00.000000003Z stdout P two, be
      2026-01-31T09:30:00.000000004Z stderr F worse
      2026-01-31T09:30:00.000000005Z stdout P gin
      2026-01-31T09:30:00.000000006Z stdout F ning
      2026-01-31T09:30:00.000000007Z stdout F\s
      2026-01-31T09:30:00.000000008Z stdout F:tag  spaces  kept\s
      2026-01-31T09:30:00.000000009Z stdout F
      """;

  private record Printed(String out, String err) {}

  private static Printed print(
      String log, int pieces, boolean timestamps, Optional<Instant> since) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var shell =
        new Shell(
            new PrintStream(out, false, UTF_8),
            new PrintStream(err, false, UTF_8),
            () -> false,
            Map.of(),
            InstantSource.system(),
            () -> ZoneOffset.UTC);
    var printer = new LogPrinter(shell, timestamps, since);
    var decoder = new LogDecoder(printer);
    byte[] bytes = log.getBytes(UTF_8);
    for (int at = 0; at < bytes.length; at += pieces) {
      decoder.decode(bytes, at, Math.min(pieces, bytes.length - at));
    }
    assertThat(printer.flush()).isTrue();
    return new Printed(out.toString(UTF_8), err.toString(UTF_8));
  }

  @Test
  void linesComeOutAsTheyWereWrittenWhateverThePiecesTheyAreReadIn() {
    for (int pieces = 1; pieces <= LOG.length(); pieces++) {
      assertThat(print(LOG, pieces, false, Optional.empty()))
          .as("pieces of %d", pieces)
          .isEqualTo(new Printed("one\ntwo, beginning\n\n spaces  kept \n\n", "bad\nworse\n"));
    }
  }

  @Test
  void timestampsComeOncePerLine() {
    Printed printed = print(LOG, 7, true, Optional.empty());
    assertThat(printed.out())
        .contains(
            "2026-01-31T09:30:00.000000001Z one\n",
            "2026-01-31T09:30:00.000000003Z two, beginning\n");
    assertThat(printed.err()).contains("2026-01-31T09:30:00.000000004Z worse\n");
  }

  @Test
  void olderRecordsAreLeftOut() {
    Instant since = Instant.parse("2026-01-31T09:30:00.000000006Z");
    assertThat(print(LOG, 100, false, Optional.of(since)))
        .isEqualTo(new Printed("ning\n\n spaces  kept \n\n", ""));
  }

  @Test
  void timesWithAnOffsetAreCompared() {
    String log = "2026-01-31T11:30:00.5+02:00 stdout F x\n";
    Instant then = Instant.parse("2026-01-31T09:30:00.5Z");
    assertThat(print(log, 9, false, Optional.of(then)).out()).isEqualTo("x\n");
    assertThat(print(log, 9, false, Optional.of(then.plusNanos(1))).out()).isEmpty();
  }

  @Test
  void lineThatIsNoRecordIsContentOfStandardOutput() {
    String log =
        """
        {"log":"json"}

        a b c d
        2026-01-31T09:30:00Z stdin F x
        """
            + "y".repeat(300)
            + "\n";
    for (int pieces : new int[] {1, 3, 128, 1000}) {
      assertThat(print(log, pieces, true, Optional.empty())).isEqualTo(new Printed(log, ""));
    }
  }

  @Test
  void recordLargerThanAnyBufferPasses() {
    String content = "0123456789".repeat(50_000);
    String log = "2026-01-31T09:30:00Z stderr F " + content + "\n";
    assertThat(print(log, 65_536, false, Optional.empty()).err()).isEqualTo(content + "\n");
  }
}
