package dev.hearth.runtime.nri.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Any bytes, in any pieces: messages or a refusal, and which of them does not depend on the pieces.
 */
class MessageAssemblyFuzz {
  private static final int[] LENGTHS = {0, 1, 7, 300, Message.MAX_LENGTH + 1, -1};

  @Test
  void anyBytesInAnyPieces() {
    FuzzRun.of(
        2_000,
        random -> {
          ByteBuffer bytes = stream(random);
          long pieces = random.nextLong();
          assertThat(assembled(bytes.duplicate(), new Random(pieces)))
              .isEqualTo(assembled(bytes.duplicate(), new Random(~pieces)));
        });
  }

  /** Messages, more or less: some end too soon, some are too long, some are noise. */
  private static ByteBuffer stream(Random random) {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    while (bytes.remaining() > 400 && random.nextInt(8) > 0) {
      int length = LENGTHS[random.nextInt(LENGTHS.length)];
      byte[] payload = new byte[Math.clamp(length, 0, 300)];
      random.nextBytes(payload);
      bytes
          .putInt(random.nextInt(20) == 0 ? random.nextInt() : length)
          .putInt(random.nextInt())
          .put((byte) random.nextInt())
          .put((byte) random.nextInt())
          .put(payload, 0, random.nextInt(10) == 0 ? payload.length / 2 : payload.length);
    }
    return bytes.flip();
  }

  private static List<Object> assembled(ByteBuffer bytes, Random pieces) {
    MessageAssembly assembly = new MessageAssembly();
    List<Object> found = new ArrayList<>();
    try {
      while (bytes.hasRemaining()) {
        int count = 1 + pieces.nextInt(bytes.remaining());
        found.addAll(assembly.add(bytes.slice(bytes.position(), count)));
        bytes.position(bytes.position() + count);
      }
    } catch (PeerException.Broken e) {
      // What came before it in the same piece is lost with the connection.
      return List.of(String.valueOf(e.getMessage()));
    }
    return found;
  }
}
