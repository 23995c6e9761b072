package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Opens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * What the shim reads of others, under ASan and UBSan: plans, requests, and what a container says.
 * For long, with libFuzzer: {@code make -C shim/src/test/c fuzz SECONDS=600}.
 */
final class DecodersFuzz {
  private static final int ROUNDS = Integer.getInteger("hearth.fuzz.rounds", 3000);

  @Test
  void noBytesWhatsoeverLeadTheDecodersAstray() throws Exception {
    Path seeds = Path.of("target/seeds");
    writeSeeds(seeds);
    assertThat(Make.run("check", "ROUNDS=" + ROUNDS, "SEEDS=" + seeds.toAbsolutePath())).isZero();
  }

  private static void writeSeeds(Path folder) throws IOException {
    LaunchPlan launch = SamplePlans.everything();
    ExecPlan exec = ExecPlan.in(launch, launch.process());
    try (Fd base = Opens.memory("base")) {
      seed(folder, "plan", "launch", launch.compile(base).encode());
    }
    seed(folder, "plan", "exec", exec.withTerminal(new WindowSize(1, 2)).compile().encode());
    seed(folder, "plan", "pin", SamplePlans.pin().compile().encode());
    seed(folder, "protocol", "status", Request.of(Request.STATUS));
    seed(folder, "protocol", "signal", Request.of(Request.SIGNAL, 15, 1));
    seed(folder, "protocol", "exec", Request.exec(1, bytes(exec.compile().encode())));
    seed(folder, "log", "lines", text("\5\7one\ntwo\n\n" + "x".repeat(70_000) + "\nlast"));
    seed(folder, "log", "short", text("\0\1a\nb"));
  }

  private static ByteBuffer text(String content) {
    return ByteBuffer.wrap(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static void seed(Path folder, String target, String name, ByteBuffer content)
      throws IOException {
    Path directory = Files.createDirectories(folder.resolve(target));
    Files.write(directory.resolve(name), bytes(content));
  }
}
