package dev.hearth.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformsTest {
  private static List<String> choose(String host, String... entries) {
    List<Descriptor> descriptors = new ArrayList<>();
    for (String entry : entries) {
      Optional<Platform> platform =
          entry.equals("?") ? Optional.empty() : Optional.of(platform(entry));
      descriptors.add(
          new Descriptor(
              "m",
              Sha256.of(entry.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
              1,
              List.of(),
              platform));
    }
    return new Platforms(platform(host))
        .choose(descriptors).stream()
            .map(d -> d.platform().map(Platform::toString).orElse("?"))
            .toList();
  }

  private static Platform platform(String text) {
    String[] parts = text.split("/", -1);
    return new Platform(parts[0], parts[1], parts.length > 2 ? parts[2] : "");
  }

  @ParameterizedTest
  @CsvSource({
    "linux/amd64, linux/arm64/v8 linux/386 linux/amd64, linux/amd64 linux/386",
    "linux/amd64, windows/amd64 unknown/unknown, ''",
    "linux/amd64, linux/amd64/v1 linux/amd64/v3, linux/amd64/v1",
    "linux/amd64/v3, linux/amd64 linux/amd64/v3, linux/amd64/v3 linux/amd64",
    "linux/arm64, linux/arm/v7 linux/arm64, linux/arm64 linux/arm/v7",
    "linux/arm64/v8, linux/arm64, linux/arm64",
    "linux/arm64, linux/aarch64/v8, linux/aarch64/v8",
    "linux/arm/v6, linux/arm/v7 linux/arm/v5 linux/arm/v6, linux/arm/v6 linux/arm/v5",
    "linux/arm, linux/arm linux/arm/v6, linux/arm linux/arm/v6",
    "linux/riscv64, linux/riscv64 linux/amd64, linux/riscv64",
    "linux/amd64, ? linux/amd64, linux/amd64 ?",
  })
  void choosesWhatTheHostRunsBestFirst(String host, String entries, String chosen) {
    assertThat(String.join(" ", choose(host, entries.split(" ", -1)))).isEqualTo(chosen);
  }

  @Test
  void knowsWhatThisMachineIs() {
    assertThat(Platforms.ofJava("amd64")).hasToString("linux/amd64");
    assertThat(Platforms.ofJava("aarch64")).hasToString("linux/arm64/v8");
  }

  @Test
  void allowsWhatAnImageDoesNotSay() {
    Platforms host = Platforms.ofJava("amd64");
    assertThat(host.runs(new Platform("", "", ""))).isTrue();
    assertThat(host.runs(new Platform("linux", "amd64", "v9"))).isTrue();
    assertThat(host.runs(new Platform("linux", "arm64", ""))).isFalse();
    assertThat(host.runs(new Platform("windows", "amd64", ""))).isFalse();
  }
}
