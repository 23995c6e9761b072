package dev.hearth.runtime.image;

import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.Platform;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Which images this host runs, and which of them best. As containerd: a 64-bit machine also runs
 * what its 32-bit forerunners ran, if there is nothing better.
 */
public final class Platforms {
  private final List<Platform> preferred;

  /**
   * @param host this machine's platform
   */
  public Platforms(Platform host) {
    this.preferred = preferences(normalised(host));
  }

  /**
   * For the machine this JVM runs on.
   *
   * @param architecture Java's name for it: {@code amd64}, {@code aarch64}
   */
  public static Platforms ofJava(String architecture) {
    return new Platforms(
        new Platform(
            "linux",
            switch (architecture) {
              case "x86_64" -> "amd64";
              case "aarch64" -> "arm64";
              default -> architecture;
            },
            ""));
  }

  private static List<Platform> preferences(Platform host) {
    List<Platform> all = new ArrayList<>(List.of(host));
    switch (host.architecture()) {
      case "arm64" -> {
        for (int version = 8; version >= 5; version--) {
          all.add(new Platform(host.os(), "arm", "v" + version));
        }
      }
      case "arm" -> {
        for (int version = armVersion(host) - 1; version >= 5; version--) {
          all.add(new Platform(host.os(), "arm", "v" + version));
        }
      }
      case "amd64" -> {
        if (!host.variant().isEmpty()) {
          all.add(new Platform(host.os(), "amd64", ""));
        }
        all.add(new Platform(host.os(), "386", ""));
      }
      default -> {}
    }
    return List.copyOf(all);
  }

  private static int armVersion(Platform host) {
    return switch (host.variant()) {
      case "v8" -> 8;
      case "v6" -> 6;
      case "v5" -> 5;
      default -> 7;
    };
  }

  /** One name for what has several: arm64 is arm64/v8, arm is arm/v7, amd64/v1 is amd64. */
  private static Platform normalised(Platform platform) {
    String architecture =
        switch (platform.architecture().toLowerCase(Locale.ROOT)) {
          case "x86_64", "x86-64" -> "amd64";
          case "aarch64" -> "arm64";
          case "i386" -> "386";
          case "armhf" -> "arm";
          default -> platform.architecture().toLowerCase(Locale.ROOT);
        };
    String variant = platform.variant().toLowerCase(Locale.ROOT);
    String normal =
        switch (architecture) {
          case "arm64" -> variant.isEmpty() || variant.equals("8") ? "v8" : variant;
          case "arm" -> variant.isEmpty() || variant.equals("7") ? "v7" : variant;
          case "amd64" -> variant.equals("v1") ? "" : variant;
          default -> variant;
        };
    return new Platform(platform.os().toLowerCase(Locale.ROOT), architecture, normal);
  }

  /** How good a platform is for this host: 0 best, -1 not at all. */
  private int rank(Platform platform) {
    return preferred.indexOf(normalised(platform));
  }

  /** Whether this host runs an image that says this of itself; what it does not say it allows. */
  boolean runs(Platform claimed) {
    return claimed.os().isEmpty()
        || claimed.architecture().isEmpty()
        || rank(claimed) >= 0
        // Configurations often leave out or misstate the variant that the index had right.
        || rank(new Platform(claimed.os(), claimed.architecture(), "")) >= 0;
  }

  /** The entries of an index that this host may run, best first; those without a platform last. */
  List<Descriptor> choose(List<Descriptor> entries) {
    return entries.stream()
        .filter(entry -> entry.platform().isEmpty() || rank(entry.platform().get()) >= 0)
        .sorted(
            Comparator.comparingInt(
                entry -> entry.platform().map(this::rank).orElse(Integer.MAX_VALUE)))
        .toList();
  }

  @Override
  public String toString() {
    return preferred.getFirst().toString();
  }
}
