package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.GroupFigures.Name;
import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.util.Optional;

/** Figures from v1's files (the kernel's admin-guide/cgroup-v1). */
final class V1Statistics {
  private static final Name CPU_USAGE = Name.of(Controller.CPUACCT, "cpuacct.usage");
  private static final Name CPU_USER = Name.of(Controller.CPUACCT, "cpuacct.usage_user");
  private static final Name CPU_SYSTEM = Name.of(Controller.CPUACCT, "cpuacct.usage_sys");
  private static final Name CPU_STAT = Name.of(Controller.CPU, "cpu.stat");
  private static final Name MEMORY_STAT = Name.of(Controller.MEMORY, "memory.stat");
  private static final Name MEMORY_USAGE = Name.of(Controller.MEMORY, "memory.usage_in_bytes");
  private static final Name MEMORY_LIMIT = Name.of(Controller.MEMORY, "memory.limit_in_bytes");
  private static final Name BOTH_LIMIT = Name.of(Controller.MEMORY, "memory.memsw.limit_in_bytes");
  private static final Name KERNEL = Name.of(Controller.MEMORY, "memory.kmem.usage_in_bytes");
  private static final Name IO_BYTES =
      Name.of(Controller.IO, "blkio.throttle.io_service_bytes_recursive");
  private static final Name IO_COUNT =
      Name.of(Controller.IO, "blkio.throttle.io_serviced_recursive");
  private static final int IO_WORDS = 3;

  private V1Statistics() {}

  static Cpu cpu(GroupFigures figures, Optional<Pressure> pressure, boolean whole) {
    long usage = figures.number(CPU_USAGE);
    if (!whole) {
      return Cpu.of(usage, pressure);
    }
    KeyedValues stat = figures.keyed(CPU_STAT);
    return new Cpu(
        usage,
        figures.number(CPU_USER),
        figures.number(CPU_SYSTEM),
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_time"),
        pressure);
  }

  static Memory memory(GroupFigures figures, Optional<Pressure> pressure, boolean whole) {
    KeyedValues stat = figures.keyed(MEMORY_STAT);
    long usage = figures.number(MEMORY_USAGE);
    long limit = unlimited(figures.number(MEMORY_LIMIT));
    long both = unlimited(figures.number(BOTH_LIMIT));
    return new Memory(
        usage,
        usage < 0 ? usage : Math.max(0, usage - stat.orZero("total_inactive_file")),
        stat.get("total_rss"),
        stat.get("total_cache"),
        stat.get("total_mapped_file"),
        whole ? figures.number(KERNEL) : Statistics.UNKNOWN,
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
  static Io io(GroupFigures figures, Optional<Pressure> pressure) {
    long[] bytes = readWrite(figures.text(IO_BYTES));
    long[] operations = readWrite(figures.text(IO_COUNT));
    return new Io(bytes[0], bytes[1], operations[0], operations[1], pressure);
  }

  /** Sums over lines {@code 8:0 Read 4096}. */
  private static long[] readWrite(String text) {
    long[] sums = new long[2];
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length == IO_WORDS && words[1].equals("Read")) {
        sums[0] += Math.max(0, GroupFigures.number(words[2]));
      } else if (words.length == IO_WORDS && words[1].equals("Write")) {
        sums[1] += Math.max(0, GroupFigures.number(words[2]));
      }
    }
    return sums;
  }
}
