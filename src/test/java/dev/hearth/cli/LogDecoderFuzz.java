package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Any bytes, in any pieces: no exception, and what comes out does not depend on the pieces; see
 * {@link FuzzRun}.
 */
class LogDecoderFuzz {
  private static final String[] TOKENS = {
    "2026-01-31T09:30:00.000000001Z",
    " ",
    "  ",
    "stdout",
    "stderr",
    "F",
    "P",
    "F:x",
    "\n",
    "\n\n",
    "content",
    "\u0000",
    "\u00ff",
    "x".repeat(130)
  };

  @Test
  void anyBytesInAnyPieces() {
    FuzzRun.of(
        2_000,
        random -> {
          var text = new StringBuilder();
          for (int i = random.nextInt(40); i > 0; i--) {
            text.append(TOKENS[random.nextInt(TOKENS.length)]);
          }
          byte[] log = text.toString().getBytes(StandardCharsets.ISO_8859_1);
          long pieces = random.nextLong();
          assertThat(decoded(log, new Random(pieces))).isEqualTo(decoded(log, new Random(~pieces)));
        });
  }

  private static String decoded(byte[] log, Random pieces) {
    var events = new ByteArrayOutputStream();
    var decoder =
        new LogDecoder(
            new LogDecoder.Sink() {
              @Override
              public void begin(LogRecordHead head) {
                events.writeBytes(("<" + head + ">").getBytes(StandardCharsets.UTF_8));
              }

              @Override
              public void content(byte[] bytes, int offset, int length) {
                events.write(bytes, offset, length);
              }

              @Override
              public void end() {
                events.writeBytes("</>".getBytes(StandardCharsets.UTF_8));
              }
            });
    for (int at = 0; at < log.length; ) {
      int length = Math.min(1 + pieces.nextInt(9), log.length - at);
      decoder.decode(log, at, length);
      at += length;
    }
    decoder.abandon();
    return events.toString(StandardCharsets.ISO_8859_1);
  }
}
