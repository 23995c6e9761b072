package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Statistics.Cpu;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Reads a group's statistics, each figure from where this host keeps it. Stateless. */
final class StatisticsReader {
  private final StatisticsSource source;
  private final Layout layout;
  private final InstantSource clock;
  private final V1Statistics v1;
  private final V2Statistics v2;

  StatisticsReader(StatisticsSource source, Layout layout, InstantSource clock) {
    this.source = source;
    this.layout = layout;
    this.clock = clock;
    this.v1 = new V1Statistics(source);
    this.v2 = new V2Statistics(source);
  }

  /**
   * Reads what this host counts.
   *
   * @throws CgroupException ABSENT if the group is gone
   */
  Statistics read(CgroupPath group) throws CgroupException {
    if (!source.exists(layout.hierarchies().getFirst().folder(group))) {
      throw StatisticsSource.absent(group);
    }
    return new Statistics(
        clock.instant(),
        cpu(group),
        memory(group),
        folder(Controller.PIDS, group)
            .map(f -> source.number(f.resolve("pids.current")))
            .orElse(Statistics.UNKNOWN),
        io(group),
        hugepages(group));
  }

  private Cpu cpu(CgroupPath group) {
    Optional<Pressure> pressure = pressure(group, "cpu.pressure");
    Optional<Hierarchy> accounting = layout.of(Controller.CPUACCT);
    // cpu.stat is in every v2 group, with the controller or without.
    return accounting.isEmpty()
        ? unifiedFolder(group).map(f -> v2.cpu(f, pressure)).orElse(Cpu.unknown(pressure))
        : v1.cpu(accounting.get().folder(group), folder(Controller.CPU, group), pressure);
  }

  private Statistics.Memory memory(CgroupPath group) {
    Optional<Pressure> pressure = pressure(group, "memory.pressure");
    Optional<Path> folder = folder(Controller.MEMORY, group);
    if (folder.isEmpty()) {
      return Statistics.Memory.unknown(pressure);
    }
    return isV2(Controller.MEMORY)
        ? v2.memory(folder.get(), pressure)
        : v1.memory(folder.get(), pressure);
  }

  private Statistics.Io io(CgroupPath group) {
    Optional<Pressure> pressure = pressure(group, "io.pressure");
    Optional<Path> folder = folder(Controller.IO, group);
    if (folder.isEmpty()) {
      return new Statistics.Io(0, 0, 0, 0, pressure);
    }
    return isV2(Controller.IO) ? v2.io(folder.get(), pressure) : v1.io(folder.get(), pressure);
  }

  private Map<String, Long> hugepages(CgroupPath group) {
    Map<String, Long> used = new HashMap<>();
    Optional<Path> folder = folder(Controller.HUGETLB, group);
    if (folder.isPresent()) {
      String file = isV2(Controller.HUGETLB) ? ".current" : ".usage_in_bytes";
      for (String size : source.pageSizes()) {
        long bytes = source.number(folder.get().resolve("hugetlb." + size + file));
        if (bytes >= 0) {
          used.put(size, bytes);
        }
      }
    }
    return used;
  }

  /**
   * How often the kernel killed a process here for want of memory; never, as far as can be told,
   * without a memory controller.
   *
   * @throws CgroupException ABSENT if the group is gone
   */
  long oomKills(CgroupPath group) throws CgroupException {
    Optional<Path> file = oomFile(group);
    return file.isEmpty()
        ? 0
        : new KeyedValues(source.required(file.get(), group)).orZero("oom_kill");
  }

  /** The file that counts those. */
  Optional<Path> oomFile(CgroupPath group) {
    String name = isV2(Controller.MEMORY) ? "memory.events" : "memory.oom_control";
    return folder(Controller.MEMORY, group).map(f -> f.resolve(name));
  }

  private boolean isV2(Controller controller) {
    return layout.of(controller).map(Hierarchy::isV2).orElse(false);
  }

  private Optional<Path> folder(Controller controller, CgroupPath group) {
    return layout.of(controller).map(h -> h.folder(group));
  }

  private Optional<Path> unifiedFolder(CgroupPath group) {
    return layout.unified().map(h -> h.folder(group));
  }

  /** Pressure is kept by the v2 tree alone, with controllers or without. */
  private Optional<Pressure> pressure(CgroupPath group, String file) {
    return unifiedFolder(group).flatMap(f -> source.pressure(f.resolve(file)));
  }
}
