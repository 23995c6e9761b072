package dev.hearth.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged manifests; see {@link FuzzRun}. */
class ManifestFuzz {
  private static final String DIGEST =
      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  private static final List<String> SEEDS =
      List.of(
          "{\"schemaVersion\":2,\"mediaType\":\""
              + MediaTypes.OCI_MANIFEST
              + "\",\"config\":"
              + "{\"mediaType\":\"x\",\"size\":2,\"digest\":\""
              + DIGEST
              + "\"},\"layers\":["
              + "{\"mediaType\":\"y\",\"size\":10,\"digest\":\""
              + DIGEST
              + "\",\"urls\":[\"u\"]}]}",
          "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\",\"size\":1,\"digest\":\""
              + DIGEST
              + "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
              + "\"variant\":\"v7\"}}]}",
          "{\"schemaVersion\":1,\"fsLayers\":[]}",
          "[[[[[[[[[[");
  private static final List<String> TYPES =
      List.of(MediaTypes.OCI_MANIFEST, MediaTypes.OCI_INDEX, MediaTypes.DOCKER_MANIFEST, "", "x/y");
  private static final List<String> PIECES =
      List.of(
          "null", "-1", "1e999", "{}", "[]", "\"\"", "\\u0000", "9223372036854775808", "\"", ",");

  @Test
  void parsesOrRefusesAndNothingElse() {
    FuzzRun.of(
        20_000,
        random -> check(TYPES.get(random.nextInt(TYPES.size())), mutate(random).getBytes(UTF_8)));
  }

  @Test
  void isNotLedIntoTheDeep() {
    check(MediaTypes.OCI_INDEX, "[".repeat(1_000_000).getBytes(UTF_8));
    check(MediaTypes.OCI_INDEX, "{\"a\":".repeat(200_000).getBytes(UTF_8));
  }

  private static String mutate(Random random) {
    StringBuilder text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
    for (int n = random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), at + random.nextInt(12));
      switch (random.nextInt(3)) {
        case 0 -> text.replace(at, to, PIECES.get(random.nextInt(PIECES.size())));
        case 1 -> text.delete(at, to);
        default -> text.insert(at, text.substring(at, to));
      }
    }
    return text.toString();
  }

  private static void check(String type, byte[] bytes) {
    try {
      Manifest manifest = Manifest.parse(ManifestJson.mediaType(type, bytes), bytes);
      switch (manifest) {
        case Manifest.ImageManifest m ->
            assertThat(m.layers()).allSatisfy(l -> assertThat(l.size()).isNotNegative());
        case Manifest.ImageIndex i ->
            assertThat(i.manifests()).allSatisfy(l -> assertThat(l.digest()).isNotNull());
      }
    } catch (RegistryException.ProtocolViolation e) {
      assertThat(e.getMessage()).hasSizeLessThan(600);
    }
  }
}
