package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;

/** Values of v1, which CRI speaks in, as v2 wants them. */
final class Conversions {
  /** What the kernel calls the absence of a limit. */
  static final String MAX = "max";

  private static final long MIN_SHARES = 2;
  private static final long MAX_SHARES = 262_144;
  private static final long MAX_WEIGHT = 10_000;

  private Conversions() {}

  /**
   * cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100): the curve
   * through both ends and both defaults that runc and crun agreed on in 2025, {@code 10^((l² +
   * 125·l)/612 - 7/34)} with l the binary logarithm of the shares. The straight line of KEP-2254
   * that it replaces gave the default of 1024 shares a weight of 39.
   */
  static long weight(long shares) {
    if (shares <= MIN_SHARES) {
      return 1;
    }
    if (shares >= MAX_SHARES) {
      return MAX_WEIGHT;
    }
    double log2 = Math.log((double) shares) / Math.log(2);
    double exponent = (log2 * log2 + 125 * log2) / 612 - 7.0 / 34;
    // A power of two comes out a few ulps above a whole number; that is no reason to round it up.
    return (long) Math.ceil(Math.pow(10, exponent) - 1e-9);
  }

  /** A number, or "max" for none. */
  static String orMax(long value) {
    return value < 0 ? MAX : Long.toString(value);
  }

  /**
   * memory.swap.max, which counts swap alone, from a limit that counts RAM and swap together.
   *
   * @param memory bytes of RAM allowed, negative for no limit
   * @param memorySwap bytes of both, negative for no limit
   * @throws IllegalArgumentException if both together are less than RAM alone, or RAM is unlimited
   *     and both together are not
   */
  static long swapAlone(long memory, long memorySwap) {
    if (memorySwap < 0) {
      return -1;
    }
    if (memory < 0) {
      throw new IllegalArgumentException(
          "memory and swap are limited to " + memorySwap + " bytes while memory alone is not");
    }
    if (memorySwap < memory) {
      throw new IllegalArgumentException(
          "memory and swap together ("
              + memorySwap
              + " bytes) are less than memory ("
              + memory
              + ")");
    }
    return memorySwap - memory;
  }

  /**
   * A number from a file that may also say "max", which becomes Long.MAX_VALUE.
   *
   * @throws CgroupException FAILED if the file says anything else
   */
  static long parse(Path file, String text) throws CgroupException {
    try {
      return text.equals(MAX) ? Long.MAX_VALUE : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new CgroupException(Reason.FAILED, file + " holds no number: " + text, e);
    }
  }
}
