package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Statistics from v2's files (the kernel's admin-guide/cgroup-v2.rst). */
final class V2Statistics implements StatisticsFiles {
  private final StatisticsSource source;
  private final Hierarchy hierarchy;
  private final InstantSource clock;

  V2Statistics(StatisticsSource source, Hierarchy hierarchy, InstantSource clock) {
    this.source = source;
    this.hierarchy = hierarchy;
    this.clock = clock;
  }

  @Override
  public Statistics read(CgroupPath group) throws CgroupException {
    Path folder = hierarchy.folder(group);
    KeyedValues cpu = new KeyedValues(source.required(folder.resolve("cpu.stat"), group));
    return new Statistics(
        clock.instant(),
        cpu(cpu, source.pressure(folder.resolve("cpu.pressure"))),
        memory(folder),
        source.number(folder.resolve("pids.current")),
        io(folder),
        hugepages(folder));
  }

  private static Cpu cpu(KeyedValues stat, Optional<Pressure> pressure) {
    return new Cpu(
        stat.orZero("usage_usec") * 1000,
        stat.orZero("user_usec") * 1000,
        stat.orZero("system_usec") * 1000,
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_usec") * 1000,
        pressure);
  }

  private Memory memory(Path folder) {
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
        source.pressure(folder.resolve("memory.pressure")));
  }

  /** io.stat has lines {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  private Io io(Path folder) {
    Map<String, Long> sums = new HashMap<>();
    for (String word : source.text(folder.resolve("io.stat")).split("[ \n]", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        sums.merge(word.substring(0, equals), source.number(word.substring(equals + 1)), Long::sum);
      }
    }
    return new Io(
        sums.getOrDefault("rbytes", 0L),
        sums.getOrDefault("wbytes", 0L),
        sums.getOrDefault("rios", 0L),
        sums.getOrDefault("wios", 0L),
        source.pressure(folder.resolve("io.pressure")));
  }

  private Map<String, Long> hugepages(Path folder) {
    Map<String, Long> used = new HashMap<>();
    for (String size : List.copyOf(source.pageSizes())) {
      long bytes = source.number(folder.resolve("hugetlb." + size + ".current"));
      if (bytes >= 0) {
        used.put(size, bytes);
      }
    }
    return used;
  }

  @Override
  public long oomKills(CgroupPath group) throws CgroupException {
    Path events = hierarchy.folder(group).resolve("memory.events");
    return new KeyedValues(source.required(events, group)).orZero("oom_kill");
  }
}
