package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.GroupFigures.Name;
import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Figures from v2's files (the kernel's admin-guide/cgroup-v2.rst). */
final class V2Statistics {
  private static final long NANOS = 1000;

  private static final Name CPU_STAT = Name.unified("cpu.stat");
  private static final Name MEMORY_STAT = Name.unified("memory.stat");
  private static final Name MEMORY_CURRENT = Name.unified("memory.current");
  private static final Name MEMORY_MAX = Name.unified("memory.max");
  private static final Name SWAP_CURRENT = Name.unified("memory.swap.current");
  private static final Name SWAP_MAX = Name.unified("memory.swap.max");
  private static final Name IO_STAT = Name.unified("io.stat");

  private V2Statistics() {}

  static Cpu cpu(GroupFigures figures, Optional<Pressure> pressure) {
    KeyedValues stat = figures.keyed(CPU_STAT);
    // Where the group has just gone: no use is another thing than none.
    long usage = stat.get("usage_usec");
    return new Cpu(
        usage < 0 ? usage : usage * NANOS,
        stat.orZero("user_usec") * NANOS,
        stat.orZero("system_usec") * NANOS,
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_usec") * NANOS,
        pressure);
  }

  static Memory memory(GroupFigures figures, Optional<Pressure> pressure) {
    KeyedValues stat = figures.keyed(MEMORY_STAT);
    long usage = figures.number(MEMORY_CURRENT);
    return new Memory(
        usage,
        usage < 0 ? usage : Math.max(0, usage - stat.orZero("inactive_file")),
        stat.get("anon"),
        stat.get("file"),
        stat.get("file_mapped"),
        stat.get("kernel"),
        stat.get("pgfault"),
        stat.get("pgmajfault"),
        figures.number(MEMORY_MAX),
        figures.number(SWAP_CURRENT),
        figures.number(SWAP_MAX),
        pressure);
  }

  /** Sums over lines {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  static Io io(GroupFigures figures, Optional<Pressure> pressure) {
    Map<String, Long> sums = new HashMap<>();
    for (String word : figures.text(IO_STAT).split("[ \n]", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        long value = Math.max(0, GroupFigures.number(word.substring(equals + 1)));
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
