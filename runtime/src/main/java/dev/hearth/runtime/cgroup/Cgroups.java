package dev.hearth.runtime.cgroup;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The control groups of this host. Thread-safe; keeps no state but which warnings were given, so
 * what a daemon before this one made is found again by path alone. On v2 only leaves hold
 * processes.
 */
public final class Cgroups {
  /** Who makes groups. */
  public enum Driver {
    /** We do, in the file system. */
    CGROUPFS,
    /** systemd does, as scopes in slices. */
    SYSTEMD
  }

  /**
   * Who makes groups, and where.
   *
   * @param parent above every group of ours for which the request names no other
   */
  public record Config(CgroupPath parent, Driver driver) {
    public static final Config DEFAULT = new Config(new CgroupPath("/hearth"), Driver.CGROUPFS);

    public Config {
      if (parent.isRoot()) {
        throw new IllegalArgumentException("the cgroup parent cannot be the root");
      }
    }

    /**
     * @param parent a path; with systemd also a slice
     * @throws CgroupException INVALID or UNSUPPORTED if the driver cannot use it
     */
    public static Config of(String parent, Driver driver) throws CgroupException {
      return new Config(
          driver == Driver.SYSTEMD ? Slices.configured(parent) : CgroupPath.parse(parent), driver);
    }
  }

  /** How systemd is reached, and how a process is started that holds a scope. */
  record Systemd(SystemdUnits units, Placeholders placeholders) {}

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
      GroupDriver driver,
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
            driver(tree, seams),
            new StatisticsReader(files, layout, seams.pageSizes(), seams.clock()),
            new DetailsReader(files, layout, seams.pageSizes()));
  }

  private GroupDriver driver(CgroupTree tree, Seams seams) {
    return seams.systemd().isPresent()
        ? new SystemdDriver(
            config.parent(),
            layout.unified().orElseThrow(),
            new SystemdDriver.Tools(
                seams.files(),
                seams.blocking(),
                tree,
                seams.ticker(),
                seams.systemd().get(),
                this::group))
        : new FolderDriver(config.parent(), layout, tree, this::group);
  }

  private Cgroup group(CgroupPath path, List<Hierarchy> hierarchies) {
    return new Cgroup(path, layout, hierarchies, tools);
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
      List<String> pageSizes,
      Optional<Systemd> systemd) {}

  /**
   * Looks at this host, whose groups we make.
   *
   * @param blocking for what may wait for memory to be written out
   * @param warn told, once each, what the host lacks
   * @throws CgroupException UNSUPPORTED if no hierarchy is mounted
   */
  public static Cgroups detect(
      Config config, BlockingCalls blocking, InstantSource clock, Consumer<String> warn)
      throws CgroupException {
    if (config.driver() == Driver.SYSTEMD) {
      throw new IllegalArgumentException("systemd has to be told how it is reached");
    }
    return detect(config, blocking, clock, warn, Optional.empty());
  }

  /**
   * Looks at this host, whose groups systemd makes.
   *
   * @param shim the program that can hold a place in a scope
   * @param poller waits for its end
   * @throws CgroupException UNSUPPORTED unless all controllers are on cgroup v2
   */
  public static Cgroups underSystemd(
      Config config,
      SystemdUnits units,
      Path shim,
      Poller poller,
      BlockingCalls blocking,
      InstantSource clock,
      Consumer<String> warn)
      throws CgroupException {
    Cgroups cgroups =
        detect(
            config,
            blocking,
            clock,
            warn,
            Optional.of(new Systemd(units, new LinuxPlaceholders(shim, poller))));
    if (cgroups.layout.mode() != Layout.Mode.V2) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "the systemd cgroup driver needs every controller on cgroup v2, and this host has v1"
              + " hierarchies: boot with systemd.unified_cgroup_hierarchy=1, or set the cgroup"
              + " driver to cgroupfs, here and in the kubelet's configuration");
    }
    return cgroups;
  }

  private static Cgroups detect(
      Config config,
      BlockingCalls blocking,
      InstantSource clock,
      Consumer<String> warn,
      Optional<Systemd> systemd)
      throws CgroupException {
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
            hugePageSizes(files),
            systemd);
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

  /** Makes what has to be there before the first pod. */
  public void begin() throws CgroupException, InterruptedException {
    tools.driver().begin();
  }

  /**
   * Where a pod's group is, existing or not.
   *
   * @param requested the request's cgroup_parent; empty for the configured one
   * @throws CgroupException INVALID or UNSUPPORTED if the request names no usable parent
   */
  public CgroupPath podPath(String requested, PodId pod) throws CgroupException {
    return tools.driver().podPath(requested, pod.value());
  }

  /** Where a container's group is, existing or not. */
  public CgroupPath containerPath(CgroupPath pod, ContainerId container) {
    return tools.driver().containerPath(pod, container.value());
  }

  /** Where the group of a pod's process 1 is, existing or not. */
  public CgroupPath pausePath(CgroupPath pod) {
    return tools.driver().pausePath(pod);
  }

  /** The group at a path, existing or not. */
  public Cgroup at(CgroupPath path) {
    return group(path, layout.hierarchies());
  }

  /** Makes a pod's group. One that exists is left as it is. */
  public void makePod(CgroupPath path) throws CgroupException, InterruptedException {
    tools.driver().makePod(at(path));
  }

  /**
   * Makes the group of a container or of a pod's process 1, with its limits, and a place for its
   * shim. On failure nothing is left that was not there before.
   *
   * @throws CgroupException UNSUPPORTED if a limit asked for cannot be had here
   */
  public Seat seat(CgroupPath path, Limits limits) throws CgroupException, InterruptedException {
    return tools.driver().seat(at(path), limits);
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
