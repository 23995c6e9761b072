package dev.hearth.shim;

import java.time.Instant;

/** Nanoseconds since 1970 to and from instants. */
final class Times {
  private static final long NANOS = 1_000_000_000L;

  private Times() {}

  static Instant instant(long nanoseconds) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanoseconds, NANOS), Math.floorMod(nanoseconds, NANOS));
  }
}
