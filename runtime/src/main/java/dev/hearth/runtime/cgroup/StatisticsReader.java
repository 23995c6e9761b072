package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.cgroup.GroupFigures.Name;
import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a group's statistics, each figure from where this host keeps it. Thread-safe. */
final class StatisticsReader {
  private static final Name TASKS = Name.of(Controller.PIDS, "pids.current");
  private static final Name CPU_PRESSURE = Name.unified("cpu.pressure");
  private static final Name MEMORY_PRESSURE = Name.unified("memory.pressure");
  private static final Name IO_PRESSURE = Name.unified("io.pressure");

  private final CgroupFiles files;
  private final Layout layout;
  private final List<String> pageSizes;
  private final InstantSource clock;
  private final OpenGroups open;

  /**
   * @param pageSizes of huge pages this host has, as the kernel names them
   */
  StatisticsReader(CgroupFiles files, Layout layout, List<String> pageSizes, InstantSource clock) {
    this.files = files;
    this.layout = layout;
    this.pageSizes = List.copyOf(pageSizes);
    this.clock = clock;
    this.open = new OpenGroups(files, layout);
  }

  /** Closes what is open of a group that is being removed. */
  void forget(CgroupPath group) {
    open.forget(group);
  }

  static CgroupException absent(CgroupPath group) {
    return new CgroupException(Reason.ABSENT, "cgroup " + group + " does not exist");
  }

  /**
   * Reads what this host counts.
   *
   * @param whole whether to read also what is asked for less often; its files are not kept open
   * @throws CgroupException ABSENT if the group is gone
   */
  Statistics read(CgroupPath group, boolean whole) throws CgroupException {
    if (!files.exists(layout.hierarchies().getFirst().folder(group))) {
      open.forget(group);
      throw absent(group);
    }
    if (!whole) {
      return read(open.figures(group), false);
    }
    try (GroupFigures figures = new GroupFigures(files, layout, group)) {
      return read(figures, true);
    }
  }

  private Statistics read(GroupFigures figures, boolean whole) {
    Io io = Io.unknown(figures.pressure(IO_PRESSURE));
    return new Statistics(
        clock.instant(),
        cpu(figures, whole),
        memory(figures, whole),
        figures.number(TASKS),
        whole ? io(figures, io.pressure()) : io,
        whole ? hugepages(figures) : Map.of());
  }

  private Cpu cpu(GroupFigures figures, boolean whole) {
    Optional<Pressure> pressure = figures.pressure(CPU_PRESSURE);
    // cpu.stat is in every v2 group, with the controller or without.
    return layout.of(Controller.CPUACCT).isEmpty()
        ? V2Statistics.cpu(figures, pressure)
        : V1Statistics.cpu(figures, pressure, whole);
  }

  private Memory memory(GroupFigures figures, boolean whole) {
    Optional<Pressure> pressure = figures.pressure(MEMORY_PRESSURE);
    return isV2(Controller.MEMORY)
        ? V2Statistics.memory(figures, pressure)
        : V1Statistics.memory(figures, pressure, whole);
  }

  private Io io(GroupFigures figures, Optional<Pressure> pressure) {
    return isV2(Controller.IO)
        ? V2Statistics.io(figures, pressure)
        : V1Statistics.io(figures, pressure);
  }

  private Map<String, Long> hugepages(GroupFigures figures) {
    Map<String, Long> used = new HashMap<>();
    String file = isV2(Controller.HUGETLB) ? ".current" : ".usage_in_bytes";
    for (String size : pageSizes) {
      long bytes = figures.number(Name.of(Controller.HUGETLB, "hugetlb." + size + file));
      if (bytes >= 0) {
        used.put(size, bytes);
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
    if (file.isEmpty()) {
      return 0;
    }
    try {
      return new KeyedValues(files.read(file.get())).orZero("oom_kill");
    } catch (CgroupException e) {
      throw e.is(Reason.ABSENT) ? absent(group) : e;
    }
  }

  /** The file that counts those. */
  Optional<Path> oomFile(CgroupPath group) {
    String name = isV2(Controller.MEMORY) ? "memory.events" : "memory.oom_control";
    return layout.of(Controller.MEMORY).map(h -> h.folder(group).resolve(name));
  }

  private boolean isV2(Controller controller) {
    return layout.of(controller).map(Hierarchy::isV2).orElse(false);
  }
}
