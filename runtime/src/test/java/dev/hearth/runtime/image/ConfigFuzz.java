package dev.hearth.runtime.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged image configurations; see {@link FuzzRun}. */
class ConfigFuzz {
  private static final String SEED =
      """
      {"architecture":"amd64","os":"linux","config":{"User":"1:2","Env":["A=b"],"Entrypoint":["/e"],
      "Cmd":null,"Labels":{"a":"b"},"Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}}},
      "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}\
      """
          .formatted("0a".repeat(32));
  private static final List<String> PIECES =
      List.of("null", "-1", "1e999", "{}", "[]", "\"\"", "\\u0000", "\"", ",", "true", "\\ud800");

  @Test
  void parsesOrRefusesAndNothingElse() {
    FuzzRun.of(20_000, random -> check(mutate(random).getBytes(UTF_8)));
  }

  private static String mutate(Random random) {
    StringBuilder text = new StringBuilder(SEED);
    for (int n = random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), at + random.nextInt(10));
      switch (random.nextInt(3)) {
        case 0 -> text.replace(at, to, PIECES.get(random.nextInt(PIECES.size())));
        case 1 -> text.delete(at, to);
        default -> text.insert(at, text.substring(at, to));
      }
    }
    return text.toString();
  }

  private static void check(byte[] bytes) {
    try {
      ConfigJson json = ConfigJson.parse(bytes);
      ImageConfig config = json.config();
      assertThat(config.environment()).noneMatch(entry -> entry.indexOf('\0') >= 0);
      Platforms.ofJava("amd64").runs(json.platform());
    } catch (HearthException.HostFailure e) {
      assertThat(e.getMessage()).contains("malformed");
    }
  }
}
