package dev.hearth.runtime.cri;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** CPU rates from one sample to the next, by container or pod id. Thread-safe. */
final class CpuRates {
  /** Below this a rate is mostly noise, so the one before is kept. */
  private static final Duration SHORTEST = Duration.ofMillis(500);

  private record Sample(Instant at, long usageNanos, OptionalLong rate) {}

  private final ConcurrentMap<String, Sample> last = new ConcurrentHashMap<>();

  /**
   * Takes a sample in.
   *
   * @return nanoseconds of CPU time a second since the sample before; absent for the first
   */
  OptionalLong sample(String id, Instant at, long usageNanos) {
    Sample sample =
        last.compute(
            id,
            (_, before) -> {
              if (before == null || usageNanos < before.usageNanos) {
                return new Sample(at, usageNanos, OptionalLong.empty());
              }
              Duration passed = Duration.between(before.at, at);
              if (passed.compareTo(SHORTEST) < 0) {
                return before;
              }
              double rate = (usageNanos - before.usageNanos) * 1e9 / passed.toNanos();
              return new Sample(at, usageNanos, OptionalLong.of(Math.round(rate)));
            });
    return sample.rate;
  }

  /** Forgets all others. */
  void retain(Set<String> ids) {
    last.keySet().retainAll(ids);
  }
}
