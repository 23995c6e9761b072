package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.nio.file.Path;
import java.util.Optional;

/** Figures from v1's files (the kernel's admin-guide/cgroup-v1). */
final class V1Statistics {
  private static final int IO_WORDS = 3;

  private final StatisticsSource source;

  V1Statistics(StatisticsSource source) {
    this.source = source;
  }

  /**
   * @param accounting the group's folder with cpuacct
   * @param bandwidth with cpu
   */
  Cpu cpu(Path accounting, Optional<Path> bandwidth, Optional<Pressure> pressure) {
    KeyedValues stat =
        bandwidth.map(f -> source.keyed(f.resolve("cpu.stat"))).orElse(KeyedValues.NONE);
    return new Cpu(
        source.number(accounting.resolve("cpuacct.usage")),
        source.number(accounting.resolve("cpuacct.usage_user")),
        source.number(accounting.resolve("cpuacct.usage_sys")),
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_time"),
        pressure);
  }

  Memory memory(Path folder, Optional<Pressure> pressure) {
    KeyedValues stat = source.keyed(folder.resolve("memory.stat"));
    long usage = source.number(folder.resolve("memory.usage_in_bytes"));
    long limit = unlimited(source.number(folder.resolve("memory.limit_in_bytes")));
    long both = unlimited(source.number(folder.resolve("memory.memsw.limit_in_bytes")));
    return new Memory(
        usage,
        usage < 0 ? usage : Math.max(0, usage - stat.orZero("total_inactive_file")),
        stat.get("total_rss"),
        stat.get("total_cache"),
        stat.get("total_mapped_file"),
        source.number(folder.resolve("memory.kmem.usage_in_bytes")),
        stat.get("total_pgfault"),
        stat.get("total_pgmajfault"),
        limit,
        stat.get("total_swap"),
        both < 0 || both == Long.MAX_VALUE ? both : Math.max(0, both - limit),
        pressure);
  }

  /** v1 shows "no limit" as the largest number of whole pages, of whatever size those are. */
  private static long unlimited(long bytes) {
    return bytes >= (Long.MAX_VALUE & ~0xffffL) ? Long.MAX_VALUE : bytes;
  }

  /** The throttle policy counts whatever the scheduler. */
  Io io(Path folder, Optional<Pressure> pressure) {
    long[] bytes = readWrite(folder.resolve("blkio.throttle.io_service_bytes_recursive"));
    long[] operations = readWrite(folder.resolve("blkio.throttle.io_serviced_recursive"));
    return new Io(bytes[0], bytes[1], operations[0], operations[1], pressure);
  }

  /** Sums over lines {@code 8:0 Read 4096}. */
  private long[] readWrite(Path file) {
    long[] sums = new long[2];
    for (String line : source.text(file).split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length == IO_WORDS && words[1].equals("Read")) {
        sums[0] += Math.max(0, source.number(words[2]));
      } else if (words.length == IO_WORDS && words[1].equals("Write")) {
        sums[1] += Math.max(0, source.number(words[2]));
      }
    }
    return sums;
  }
}
