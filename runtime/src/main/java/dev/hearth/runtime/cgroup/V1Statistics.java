package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Statistics from v1's files (the kernel's admin-guide/cgroup-v1); on a hybrid host pressure comes
 * from the v2 tree beside them.
 */
final class V1Statistics implements StatisticsFiles {
  private final StatisticsSource source;
  private final Layout layout;
  private final InstantSource clock;

  V1Statistics(StatisticsSource source, Layout layout, InstantSource clock) {
    this.source = source;
    this.layout = layout;
    this.clock = clock;
  }

  @Override
  public Statistics read(CgroupPath group) throws CgroupException {
    if (!source.exists(layout.hierarchies().getFirst().folder(group))) {
      throw StatisticsSource.absent(group);
    }
    return new Statistics(
        clock.instant(),
        cpu(group),
        memory(group),
        number(group, Controller.PIDS, "pids.current"),
        io(group),
        hugepages(group));
  }

  private Cpu cpu(CgroupPath group) {
    KeyedValues stat = keyed(group, Controller.CPU, "cpu.stat");
    return new Cpu(
        number(group, Controller.CPUACCT, "cpuacct.usage"),
        number(group, Controller.CPUACCT, "cpuacct.usage_user"),
        number(group, Controller.CPUACCT, "cpuacct.usage_sys"),
        stat.orZero("nr_periods"),
        stat.orZero("nr_throttled"),
        stat.orZero("throttled_time"),
        pressure(group, "cpu.pressure"));
  }

  private Memory memory(CgroupPath group) {
    KeyedValues stat = keyed(group, Controller.MEMORY, "memory.stat");
    long usage = number(group, Controller.MEMORY, "memory.usage_in_bytes");
    long limit = unlimited(number(group, Controller.MEMORY, "memory.limit_in_bytes"));
    long both = number(group, Controller.MEMORY, "memory.memsw.limit_in_bytes");
    return new Memory(
        usage,
        usage < 0 ? usage : Math.max(0, usage - stat.orZero("total_inactive_file")),
        stat.get("total_rss"),
        stat.get("total_cache"),
        stat.get("total_mapped_file"),
        number(group, Controller.MEMORY, "memory.kmem.usage_in_bytes"),
        stat.get("total_pgfault"),
        stat.get("total_pgmajfault"),
        limit,
        stat.get("total_swap"),
        swapLimit(limit, unlimited(both)),
        pressure(group, "memory.pressure"));
  }

  private static long swapLimit(long memory, long both) {
    return both < 0 || both == Long.MAX_VALUE ? both : Math.max(0, both - memory);
  }

  /** v1 shows "no limit" as the largest number of whole pages. */
  private static long unlimited(long bytes) {
    return bytes >= (Long.MAX_VALUE & ~0xffffL) ? Long.MAX_VALUE : bytes;
  }

  /** Lines {@code 8:0 Read 4096}; the throttle policy counts whatever the scheduler. */
  private Io io(CgroupPath group) {
    long[] bytes = readWrite(group, "blkio.throttle.io_service_bytes_recursive");
    long[] operations = readWrite(group, "blkio.throttle.io_serviced_recursive");
    return new Io(bytes[0], bytes[1], operations[0], operations[1], pressure(group, "io.pressure"));
  }

  private long[] readWrite(CgroupPath group, String file) {
    long[] sums = new long[2];
    String text = file(group, Controller.IO, file).map(source::text).orElse("");
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length == 3 && words[1].equals("Read")) {
        sums[0] += source.number(words[2]);
      } else if (words.length == 3 && words[1].equals("Write")) {
        sums[1] += source.number(words[2]);
      }
    }
    return sums;
  }

  private Map<String, Long> hugepages(CgroupPath group) {
    Map<String, Long> used = new HashMap<>();
    if (layout.of(Controller.HUGETLB).isPresent()) {
      for (String size : source.pageSizes()) {
        long bytes = number(group, Controller.HUGETLB, "hugetlb." + size + ".usage_in_bytes");
        if (bytes >= 0) {
          used.put(size, bytes);
        }
      }
    }
    return used;
  }

  @Override
  public long oomKills(CgroupPath group) throws CgroupException {
    Optional<Path> control = file(group, Controller.MEMORY, "memory.oom_control");
    return control.isEmpty()
        ? 0
        : new KeyedValues(source.required(control.get(), group)).orZero("oom_kill");
  }

  private Optional<Pressure> pressure(CgroupPath group, String file) {
    return layout.unified().flatMap(h -> source.pressure(h.folder(group).resolve(file)));
  }

  private long number(CgroupPath group, Controller controller, String file) {
    return file(group, controller, file).map(source::number).orElse(Statistics.UNKNOWN);
  }

  private KeyedValues keyed(CgroupPath group, Controller controller, String file) {
    return file(group, controller, file).map(source::keyed).orElse(KeyedValues.NONE);
  }

  private Optional<Path> file(CgroupPath group, Controller controller, String file) {
    return layout.of(controller).map(h -> h.folder(group).resolve(file));
  }
}
