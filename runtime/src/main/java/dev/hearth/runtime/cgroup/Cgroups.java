package dev.hearth.runtime.cgroup;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The control groups of this host. Thread-safe; keeps no state but which warnings were given, so
 * what a daemon before this one made is found again by path alone.
 *
 * <pre>
 * /hearth/shims                    the shims (see {@link #shims})
 * /hearth/POD/CONTAINER            where the request names no parent
 * /kubepods/…/podUID/POD/CONTAINER where it does
 * </pre>
 *
 * A pod has a group of its own even below the kubelet's: the same parent may hold several pods, and
 * freezing, killing, counting and removing a pod is then one operation on one folder. On v2 only
 * leaves hold processes.
 */
public final class Cgroups {
  /** Who makes groups. */
  public enum Driver {
    /** We do, in the file system. */
    CGROUPFS,
    /** systemd does, as scopes in slices. Not yet supported. */
    SYSTEMD
  }

  /**
   * @param parent above every group of ours for which the request names no other
   */
  public record Config(CgroupPath parent, Driver driver) {
    public static final Config DEFAULT = new Config(new CgroupPath("/hearth"), Driver.CGROUPFS);

    public Config {
      if (parent.isRoot()) {
        throw new IllegalArgumentException("the cgroup parent cannot be the root");
      }
    }
  }

  /**
   * Where it matters that a shim is not in the daemon's own groups: systemd's hierarchy, or
   * stopping the service would kill it; memory, pids and CPU, or the daemon's limits would bind it,
   * its memory be charged to the daemon, and the daemon's OOM kill take it along; the freezer.
   */
  private static final Set<Controller> MATTERS_TO_SHIMS =
      EnumSet.of(
          Controller.SYSTEMD,
          Controller.MEMORY,
          Controller.PIDS,
          Controller.CPU,
          Controller.CPUACCT,
          Controller.FREEZER);

  private final Layout layout;
  private final Config config;
  private final CgroupFiles files;
  private final Tools tools;

  /** What every group works with. */
  record Tools(
      CgroupFiles files,
      BlockingCalls blocking,
      CgroupTree tree,
      Freezer freezer,
      Kill kill,
      LimitFiles limits,
      StatisticsReader statistics,
      DetailsReader details) {}

  Cgroups(Layout layout, Config config, Seams seams, Consumer<String> warn) {
    this.layout = layout;
    this.config = config;
    this.files = seams.files();
    Warnings warnings = new Warnings(warn);
    CgroupTree tree = new CgroupTree(files, seams.ticker());
    Freezer freezer = new Freezer(files, layout, seams.ticker());
    this.tools =
        new Tools(
            files,
            seams.blocking(),
            tree,
            freezer,
            new Kill(files, tree, freezer, seams.pidfds()),
            limits(layout, warnings, seams.devices()),
            new StatisticsReader(files, layout, seams.pageSizes(), seams.clock()),
            new DetailsReader(files, layout, seams.pageSizes()));
  }

  private static LimitFiles limits(Layout layout, Warnings warnings, DeviceGate devices) {
    LimitFiles v1 = new V1Limits(layout, warnings);
    Optional<Hierarchy> unified = layout.unified();
    if (unified.isEmpty()) {
      return v1;
    }
    LimitFiles v2 = new V2Limits(unified.get(), warnings, devices);
    return layout.mode() == Layout.Mode.V2
        ? v2
        : new HybridLimits(v1, v2, unified.get().controllers());
  }

  /** What tests replace. */
  record Seams(
      CgroupFiles files,
      BlockingCalls blocking,
      Ticker ticker,
      Pidfds pidfds,
      DeviceGate devices,
      InstantSource clock,
      List<String> pageSizes) {}

  /**
   * Looks at this host.
   *
   * @param blocking for what may wait for memory to be written out
   * @param warn told, once each, what the host lacks
   * @throws CgroupException UNSUPPORTED if no hierarchy is mounted, or for the systemd driver
   */
  public static Cgroups detect(
      Config config, BlockingCalls blocking, InstantSource clock, Consumer<String> warn)
      throws CgroupException {
    if (config.driver() == Driver.SYSTEMD) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "the systemd cgroup driver is not supported yet: set the cgroup driver to cgroupfs, here"
              + " and in the kubelet's configuration");
    }
    CgroupFiles files = new LinuxFiles();
    Layout layout = Layout.read(files, Path.of("/proc"));
    for (Controller controller : Controller.values()) {
      boolean v2 = layout.mode() == Layout.Mode.V2;
      boolean expected = controller != Controller.SYSTEMD && controller != Controller.HUGETLB;
      if (expected && !(v2 && controller.builtInV2()) && layout.of(controller).isEmpty()) {
        String name = v2 ? controller.v2() : controller.v1();
        warn.accept("this host has no " + name + " controller: such limits will be refused");
      }
    }
    Seams seams =
        new Seams(
            files,
            blocking,
            Ticker.SYSTEM,
            new LinuxPidfds(),
            new LinuxDeviceGate(),
            clock,
            hugePageSizes(files));
    return new Cgroups(layout, config, seams, warn);
  }

  /** Folders {@code hugepages-2048kB} become {@code 2MB}, the kernel's name in hugetlb files. */
  private static List<String> hugePageSizes(CgroupFiles files) throws CgroupException {
    return files.folders(Path.of("/sys/kernel/mm/hugepages")).stream()
        .map(name -> name.replaceAll("\\D", ""))
        .filter(kib -> !kib.isEmpty())
        .map(Long::parseLong)
        .map(kib ->
            kib >= 1 << 20 ? (kib >> 20) + "GB" : kib >= 1024 ? (kib >> 10) + "MB" : kib + "KB")
        .toList();
  }

  public Layout layout() {
    return layout;
  }

  public Config config() {
    return config;
  }

  /**
   * Where a pod's group is, existing or not.
   *
   * @param requested the request's cgroup_parent; empty for the configured one
   * @throws CgroupException INVALID or UNSUPPORTED if the request names no usable parent
   */
  public CgroupPath podPath(String requested, PodId pod) throws CgroupException {
    CgroupPath parent = requested.isEmpty() ? config.parent() : CgroupPath.parse(requested);
    return parent.child(pod.value());
  }

  /** Where a container's group is, existing or not. */
  public static CgroupPath containerPath(CgroupPath pod, ContainerId container) {
    return pod.child(container.value());
  }

  /** The group at a path, existing or not. */
  public Cgroup at(CgroupPath path) {
    return new Cgroup(path, layout, layout.hierarchies(), tools);
  }

  /**
   * Makes a group in every hierarchy, with all that is missing above it, and sets its limits. If it
   * exists, only the limits are set. On failure nothing is left that was not there before.
   *
   * @throws CgroupException UNSUPPORTED if a limit asked for cannot be had here
   */
  public Cgroup create(CgroupPath path, Limits limits) throws CgroupException {
    Cgroup group = at(path);
    group.make(limits);
    return group;
  }

  /**
   * Makes the group of the shims, only in the hierarchies in which it matters. Each shim joins it
   * on its own, as a container's process does.
   */
  public Cgroup shims() throws CgroupException {
    List<Hierarchy> where =
        layout.hierarchies().stream()
            .filter(h -> h.isV2() || h.controllers().stream().anyMatch(MATTERS_TO_SHIMS::contains))
            .toList();
    Cgroup group = new Cgroup(config.parent().child("shims"), layout, where, tools);
    group.make(Limits.NONE);
    return group;
  }

  /** Groups directly below a path in any hierarchy, in order. None if it does not exist. */
  public List<CgroupPath> list(CgroupPath parent) throws CgroupException {
    Set<CgroupPath> found = new TreeSet<>();
    for (Hierarchy hierarchy : layout.hierarchies()) {
      for (String name : files.folders(hierarchy.folder(parent))) {
        found.add(parent.child(name));
      }
    }
    return List.copyOf(found);
  }

  /** v1 hierarchies that tell who is in a group: one would do; systemd's may be moved about. */
  static Optional<Hierarchy> tracking(Layout layout) {
    return Stream.of(Controller.FREEZER, Controller.PIDS, Controller.MEMORY, Controller.CPU)
        .flatMap(c -> layout.of(c).stream())
        .filter(h -> !h.isV2())
        .findFirst()
        .or(() -> layout.v1().stream().findFirst());
  }
}
