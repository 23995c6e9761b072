package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Figures from v2's files (the kernel's admin-guide/cgroup-v2.rst). */
final class V2Statistics {
  private static final long NANOS = 1000;

  private final StatisticsSource source;

  V2Statistics(StatisticsSource source) {
    this.source = source;
  }

  Cpu cpu(Path folder, Optional<Pressure> pressure) {
    KeyedValues stat = source.keyed(folder.resolve("cpu.stat"));
    return new Cpu(
        stat.orZero("usage_usec") * NANOS,
        stat.orZero("user_usec") * NANOS,
        stat.orZero("system_usec") * NANOS,
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_usec") * NANOS,
        pressure);
  }

  Memory memory(Path folder, Optional<Pressure> pressure) {
    KeyedValues stat = source.keyed(folder.resolve("memory.stat"));
    long usage = source.number(folder.resolve("memory.current"));
    return new Memory(
        usage,
        usage < 0 ? usage : Math.max(0, usage - stat.orZero("inactive_file")),
        stat.get("anon"),
        stat.get("file"),
        stat.get("file_mapped"),
        stat.get("kernel"),
        stat.get("pgfault"),
        stat.get("pgmajfault"),
        source.number(folder.resolve("memory.max")),
        source.number(folder.resolve("memory.swap.current")),
        source.number(folder.resolve("memory.swap.max")),
        pressure);
  }

  /** Sums over lines {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  Io io(Path folder, Optional<Pressure> pressure) {
    Map<String, Long> sums = new HashMap<>();
    for (String word : source.text(folder.resolve("io.stat")).split("[ \n]", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        long value = Math.max(0, source.number(word.substring(equals + 1)));
        sums.merge(word.substring(0, equals), value, Long::sum);
      }
    }
    return new Io(
        sums.getOrDefault("rbytes", 0L),
        sums.getOrDefault("wbytes", 0L),
        sums.getOrDefault("rios", 0L),
        sums.getOrDefault("wios", 0L),
        pressure);
  }
}
