package dev.hearth.runtime.cgroup;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a group has used so far. {@link #UNKNOWN} stands where this host does not count.
 *
 * @param at when it was read
 * @param hugepageBytes in use, by page size as the kernel names it
 */
public record Statistics(
    Instant at, Cpu cpu, Memory memory, long tasks, Io io, Map<String, Long> hugepageBytes) {
  /** Not counted on this host. */
  public static final long UNKNOWN = -1;

  public Statistics {
    hugepageBytes = Map.copyOf(hugepageBytes);
  }

  /**
   * CPU time.
   *
   * @param usageNanos of all CPUs together
   * @param userNanos of it in user mode
   * @param throttledNanos waited because of the quota
   */
  public record Cpu(
      long usageNanos,
      long userNanos,
      long systemNanos,
      long periods,
      long throttledPeriods,
      long throttledNanos,
      Optional<Pressure> pressure) {
    /** With the usage alone. */
    static Cpu of(long usageNanos, Optional<Pressure> pressure) {
      return new Cpu(usageNanos, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, pressure);
    }
  }

  /**
   * Memory, in bytes.
   *
   * @param usage RAM, page cache and kernel memory included
   * @param workingSet usage without the page cache that is easy to drop
   * @param rss anonymous memory
   * @param limit Long.MAX_VALUE if there is none
   * @param swap in use
   * @param swapLimit of swap alone; Long.MAX_VALUE if there is none
   */
  public record Memory(
      long usage,
      long workingSet,
      long rss,
      long cache,
      long mappedFile,
      long kernel,
      long pageFaults,
      long majorPageFaults,
      long limit,
      long swap,
      long swapLimit,
      Optional<Pressure> pressure) {
    /**
     * What is left of the limit, or UNKNOWN if there is none: the node's free memory then counts.
     */
    public long available() {
      return limit == Long.MAX_VALUE || limit == UNKNOWN || workingSet == UNKNOWN
          ? UNKNOWN
          : Math.max(0, limit - workingSet);
    }

    /** What is left of the swap limit, or UNKNOWN if there is none. */
    public long swapAvailable() {
      return swapLimit == Long.MAX_VALUE || swapLimit == UNKNOWN || swap == UNKNOWN
          ? UNKNOWN
          : Math.max(0, swapLimit - swap);
    }
  }

  /** Block devices, all together. */
  public record Io(
      long readBytes,
      long writeBytes,
      long readOperations,
      long writeOperations,
      Optional<Pressure> pressure) {
    static Io unknown(Optional<Pressure> pressure) {
      return new Io(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, pressure);
    }
  }
}
