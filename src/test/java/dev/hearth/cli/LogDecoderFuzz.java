package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Any bytes, in any pieces: no exception, and what comes out does not depend on the pieces. */
class LogDecoderFuzz {
  private static final long ROUNDS = Long.getLong("hearth.fuzz.rounds", 2_000);

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
    long seed = Long.getLong("hearth.fuzz.seed", 1);
    var random = new Random(seed);
    for (long round = 0; round < ROUNDS; round++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.append(TOKENS[random.nextInt(TOKENS.length)]);
      }
      byte[] log = text.toString().getBytes(StandardCharsets.ISO_8859_1);
      assertThat(decoded(log, new Random(round)))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(decoded(log, new Random(-round - 1)));
    }
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
