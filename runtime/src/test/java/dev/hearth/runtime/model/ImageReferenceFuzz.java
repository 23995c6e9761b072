package dev.hearth.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random text, made by mutating valid references; see {@link FuzzRun}. */
class ImageReferenceFuzz {
  private static final List<String> SEEDS =
      List.of(
          "busybox",
          "localhost:5000/a/b:tag",
          "[::1]:80/x@sha256:" + "0a".repeat(32),
          "docker.io/library/a__b--c.d:v1@sha256:" + "f0".repeat(32),
          "a-".repeat(300) + "/b");
  private static final String ALPHABET = "abz019AZ._-:/@[]\\ \0\n%é~+sha256";

  @Test
  void parsesToAFixedPointOrRefuses() {
    FuzzRun.of(20_000, random -> check(mutate(random)));
  }

  private static String mutate(Random random) {
    StringBuilder text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
    for (int n = random.nextInt(6); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      char c = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
      switch (random.nextInt(3)) {
        case 0 -> text.insert(at, c);
        case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(3)));
        default -> text.append(text, 0, at);
      }
    }
    return text.toString();
  }

  private static void check(String text) {
    ImageReference reference;
    try {
      reference = ImageReference.parse(text);
    } catch (HearthException.InvalidRequest e) {
      return;
    }
    String full = reference.toString();
    assertThat(ImageReference.parse(full)).isEqualTo(reference);
    assertThat(full).matches("[A-Za-z0-9._:/@\\[\\]-]+").doesNotContain("//");
    // A tag may have it, and is part of no path.
    assertThat(reference.name()).doesNotContain("..");
    assertThat(reference.tag().isPresent() || reference.digest().isPresent()).isTrue();
  }
}
