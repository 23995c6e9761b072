package dev.hearth.runtime.cgroup;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.cgroup.Hierarchy.Version;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Control groups in memory, as strict as the kernel's in what Hearth relies on: folders come with
 * their files, v2 hands down what it is told to, memsw stays above memory, what holds processes
 * cannot be removed. Counts operations and lets a chosen one fail. Used by one thread.
 */
final class FakeKernel implements CgroupFiles, Ticker, Pidfds, DeviceGate {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  /** Controllers of v2 that a group with processes of its own may hand down, as to threads. */
  private static final Set<String> THREADED = Set.of("cpu", "cpuset", "pids");

  private static final String NO_LIMIT = "9223372036854771712";

  private static final Map<Controller, Map<String, String>> V1_FILES =
      Map.of(
          Controller.CPU,
          Map.of("cpu.shares", "1024", "cpu.cfs_period_us", "100000", "cpu.cfs_quota_us", "-1"),
          Controller.CPUACCT,
          Map.of("cpuacct.usage", "0", "cpuacct.usage_user", "0", "cpuacct.usage_sys", "0"),
          Controller.CPUSET,
          Map.of("cpuset.cpus", "", "cpuset.mems", ""),
          Controller.MEMORY,
          Map.of(
              "memory.limit_in_bytes",
              NO_LIMIT,
              "memory.memsw.limit_in_bytes",
              NO_LIMIT,
              "memory.usage_in_bytes",
              "0",
              "memory.stat",
              "",
              "memory.oom_control",
              "oom_kill_disable 0\nunder_oom 0\noom_kill 0"),
          Controller.PIDS,
          Map.of("pids.max", "max", "pids.current", "0"),
          Controller.DEVICES,
          Map.of("devices.allow", "", "devices.deny", ""),
          Controller.FREEZER,
          Map.of("freezer.state", "THAWED"));

  private static final Map<Controller, Map<String, String>> V2_FILES =
      Map.of(
          Controller.CPU,
          Map.of("cpu.weight", "100", "cpu.max", "max 100000"),
          Controller.CPUSET,
          Map.of("cpuset.cpus", "", "cpuset.mems", ""),
          Controller.MEMORY,
          Map.of(
              "memory.min", "0",
              "memory.max", "max",
              "memory.swap.max", "max",
              "memory.current", "0",
              "memory.swap.current", "0",
              "memory.reclaim", "",
              "memory.oom.group", "0",
              "memory.stat", "",
              "memory.events", "oom 0\noom_kill 0"),
          Controller.PIDS,
          Map.of("pids.max", "max", "pids.current", "0"),
          Controller.IO,
          Map.of("io.stat", "", "io.weight", "default 100"),
          Controller.HUGETLB,
          Map.of("hugetlb.2MB.max", "max"));

  private final Layout layout;
  final Map<Path, String> files = new TreeMap<>();
  final Set<Path> folders = new TreeSet<>();
  final Map<Path, Set<Integer>> processes = new HashMap<>();
  final List<String> warnings = new ArrayList<>();
  final List<String> writes = new ArrayList<>();

  /** Processes that do not die of SIGKILL until this many pauses have passed. */
  int pausesUntilDeath;

  /** What makes the n-th operation from now fail; zero for never. */
  int failAt;

  /** What others do while somebody waits. */
  Runnable meanwhile = () -> {};

  int operations;
  int openFiles;
  private long nanos;

  private FakeKernel(List<Hierarchy> hierarchies) {
    this.layout = new Layout(hierarchies);
    for (Hierarchy h : hierarchies) {
      populate(h.root(), h, h.controllers());
      if (h.has(Controller.CPUSET)) {
        files.put(h.root().resolve("cpuset.cpus"), "0-1");
        files.put(h.root().resolve("cpuset.mems"), "0");
      }
    }
  }

  static FakeKernel v1() {
    return new FakeKernel(v1Hierarchies());
  }

  static FakeKernel hybrid() {
    List<Hierarchy> all = new ArrayList<>(v1Hierarchies());
    all.add(new Hierarchy(Version.V2, ROOT.resolve("unified"), Set.of()));
    return new FakeKernel(all);
  }

  static FakeKernel v2() {
    return v2(V2_FILES.keySet());
  }

  static FakeKernel v2(Set<Controller> controllers) {
    return new FakeKernel(List.of(new Hierarchy(Version.V2, ROOT, controllers)));
  }

  private static List<Hierarchy> v1Hierarchies() {
    return V1_FILES.keySet().stream()
        .sorted()
        .map(c -> new Hierarchy(Version.V1, ROOT.resolve(c.v1()), Set.of(c)))
        .toList();
  }

  Cgroups cgroups() {
    return cgroups(Cgroups.Config.DEFAULT, Optional.empty());
  }

  Cgroups cgroups(Cgroups.Config config, Optional<Cgroups.Systemd> systemd) {
    Cgroups.Seams seams =
        new Cgroups.Seams(
            this, new BlockingCalls(1), this, this, this, () -> Instant.EPOCH, List.of(), systemd);
    return new Cgroups(layout, config, seams, warnings::add);
  }

  Layout layout() {
    return layout;
  }

  /** A file of a group in the hierarchy of this controller. */
  Path file(Controller controller, String group, String name) {
    Hierarchy h = layout.of(controller).or(layout::unified).orElseThrow();
    return h.folder(new CgroupPath(group)).resolve(name);
  }

  String value(Controller controller, String group, String name) {
    return files.getOrDefault(file(controller, group, name), "(none)");
  }

  /** Puts a process into a group of every hierarchy. */
  void run(int pid, String group) {
    for (Hierarchy h : layout.hierarchies()) {
      runIn(h, pid, group);
    }
  }

  void runIn(Hierarchy h, int pid, String group) {
    processes.computeIfAbsent(h.folder(new CgroupPath(group)), f -> new TreeSet<>()).add(pid);
  }

  boolean runs(int pid) {
    return processes.values().stream().anyMatch(pids -> pids.contains(pid));
  }

  private void populate(Path folder, Hierarchy h, Set<Controller> controllers) {
    folders.add(folder);
    files.put(folder.resolve("cgroup.procs"), "");
    if (!h.isV2()) {
      files.put(folder.resolve("tasks"), "");
      for (Controller c : controllers) {
        V1_FILES.getOrDefault(c, Map.of()).forEach((n, v) -> files.put(folder.resolve(n), v));
      }
      return;
    }
    for (String name : List.of("cgroup.subtree_control", "cgroup.kill")) {
      files.put(folder.resolve(name), "");
    }
    files.put(folder.resolve("cpu.stat"), "usage_usec 0\nuser_usec 0\nsystem_usec 0");
    files.put(folder.resolve("cgroup.freeze"), "0");
    files.put(folder.resolve("cgroup.events"), "");
    grant(folder, controllers);
  }

  private void grant(Path folder, Set<Controller> controllers) {
    StringBuilder names = new StringBuilder();
    for (Controller c : EnumSet.allOf(Controller.class)) {
      if (controllers.contains(c)) {
        names.append(names.isEmpty() ? "" : " ").append(c.v2());
        V2_FILES
            .getOrDefault(c, Map.of())
            .forEach((n, v) -> files.putIfAbsent(folder.resolve(n), v));
      }
    }
    files.put(folder.resolve("cgroup.controllers"), names.toString());
  }

  private void operation(String what, Path path) throws CgroupException {
    operations++;
    if (operations == failAt) {
      throw new CgroupException(Reason.FAILED, "injected: " + what + " " + path);
    }
  }

  private Hierarchy hierarchyOf(Path path) {
    return layout.hierarchies().stream()
        .filter(h -> path.startsWith(h.root()))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public String read(Path file) throws CgroupException {
    operation("read", file);
    String content = files.get(file);
    if (content == null) {
      throw absent(file);
    }
    Path folder = folder(file);
    return switch (String.valueOf(file.getFileName())) {
      case "cgroup.procs" -> {
        StringBuilder lines = new StringBuilder();
        processes.getOrDefault(folder, Set.of()).forEach(p -> lines.append(p).append('\n'));
        yield lines.toString();
      }
      case "cgroup.events" ->
          "populated "
              + (processes.getOrDefault(folder, Set.of()).isEmpty() ? 0 : 1)
              + "\nfrozen "
              + files.get(folder.resolve("cgroup.freeze"))
              + "\n";
      default -> content + "\n";
    };
  }

  @Override
  public OpenFile open(Path file) throws CgroupException {
    read(file);
    openFiles++;
    return new OpenFile() {
      @Override
      public String read() throws CgroupException {
        return FakeKernel.this.read(file);
      }

      @Override
      public void close() {
        openFiles--;
      }
    };
  }

  private static Path folder(Path file) {
    Path folder = file.getParent();
    if (folder == null) {
      throw new IllegalArgumentException("no folder: " + file);
    }
    return folder;
  }

  private static CgroupException absent(Path file) {
    return new CgroupException(Reason.ABSENT, "absent: " + file);
  }

  @Override
  public void write(Path file, String value) throws CgroupException {
    operation("write", file);
    if (!files.containsKey(file)) {
      throw absent(file);
    }
    Path folder = folder(file);
    String name = String.valueOf(file.getFileName());
    writes.add(name + "=" + value);
    switch (name) {
      case "cgroup.subtree_control" -> handDown(folder, value);
      case "cgroup.kill" -> killIn(folder);
      case "cgroup.procs" -> {
        refuseBelowThreads(folder);
        int pid = Integer.parseInt(value);
        processes.values().forEach(pids -> pids.remove(pid));
        processes.computeIfAbsent(folder, f -> new TreeSet<>()).add(pid);
      }
      case "memory.limit_in_bytes" -> {
        check(number(value) <= number(files.get(folder.resolve("memory.memsw.limit_in_bytes"))));
        files.put(file, value.equals("-1") ? NO_LIMIT : value);
      }
      case "memory.memsw.limit_in_bytes" -> {
        check(number(value) >= number(files.get(folder.resolve("memory.limit_in_bytes"))));
        files.put(file, value.equals("-1") ? NO_LIMIT : value);
      }
      case "memory.reclaim" -> {
        long used = Long.parseLong(files.getOrDefault(folder.resolve("memory.current"), "0"));
        long cache = Long.parseLong(files.getOrDefault(folder.resolve("test.cache"), "0"));
        files.put(
            folder.resolve("memory.current"),
            Long.toString(used - Math.min(cache, Long.parseLong(value))));
      }
      default -> files.put(file, value.strip());
    }
  }

  private static long number(@Nullable String text) {
    return Long.parseLong(text == null || text.equals("-1") ? NO_LIMIT : text);
  }

  private static void check(boolean condition) throws CgroupException {
    if (!condition) {
      throw new CgroupException(Reason.INVALID, "invalid argument");
    }
  }

  private boolean holdsProcesses(Path folder) {
    return !processes.getOrDefault(folder, Set.of()).isEmpty();
  }

  private void refuseBelowThreads(Path folder) throws CgroupException {
    Path above = folder(folder);
    String[] enabled =
        files.getOrDefault(above.resolve("cgroup.subtree_control"), "").split(" ", -1);
    if (holdsProcesses(above) && Arrays.stream(enabled).anyMatch(THREADED::contains)) {
      throw new CgroupException(Reason.UNSUPPORTED, "invalid domain: " + folder);
    }
  }

  private void handDown(Path folder, String order) throws CgroupException {
    String name = order.substring(1);
    String[] own = files.getOrDefault(folder.resolve("cgroup.controllers"), "").split(" ", -1);
    if (!Arrays.asList(own).contains(name)) {
      throw absent(folder.resolve("cgroup.subtree_control"));
    }
    if (holdsProcesses(folder) && !folder.equals(ROOT) && !THREADED.contains(name)) {
      throw new CgroupException(Reason.BUSY, "busy");
    }
    Path control = folder.resolve("cgroup.subtree_control");
    files.put(control, (files.get(control) + " " + name).strip());
    folders.stream()
        .filter(f -> folder.equals(f.getParent()))
        .forEach(child -> grant(child, handedDown(folder)));
  }

  private Set<Controller> handedDown(Path folder) {
    String control = files.getOrDefault(folder.resolve("cgroup.subtree_control"), "");
    List<String> names = Arrays.asList(control.split(" ", -1));
    Set<Controller> set = EnumSet.noneOf(Controller.class);
    for (Controller c : Controller.values()) {
      if (!c.v2().isEmpty() && names.contains(c.v2())) {
        set.add(c);
      }
    }
    return set;
  }

  private void killIn(Path folder) {
    if (pausesUntilDeath > 0) {
      return;
    }
    Set<Integer> dead = new TreeSet<>();
    processes.forEach((f, pids) -> dead.addAll(f.startsWith(folder) ? pids : Set.of()));
    processes.values().forEach(pids -> pids.removeAll(dead));
  }

  @Override
  public boolean makeFolder(Path folder) throws CgroupException {
    operation("make", folder);
    if (folders.contains(folder)) {
      return false;
    }
    if (!folders.contains(folder(folder))) {
      throw absent(folder);
    }
    Hierarchy h = hierarchyOf(folder);
    populate(folder, h, h.isV2() ? handedDown(folder(folder)) : h.controllers());
    return true;
  }

  @Override
  public boolean removeFolder(Path folder) throws CgroupException {
    operation("remove", folder);
    if (!folders.contains(folder)) {
      return false;
    }
    boolean hasChildren = folders.stream().anyMatch(f -> folder.equals(f.getParent()));
    if (hasChildren || !processes.getOrDefault(folder, Set.of()).isEmpty()) {
      throw new CgroupException(Reason.BUSY, "busy: " + folder);
    }
    folders.remove(folder);
    files.keySet().removeIf(f -> folder.equals(f.getParent()));
    return true;
  }

  @Override
  public List<String> folders(Path folder) throws CgroupException {
    operation("list", folder);
    return folders.stream()
        .filter(f -> folder.equals(f.getParent()))
        .map(f -> String.valueOf(f.getFileName()))
        .toList();
  }

  @Override
  public boolean exists(Path file) {
    return files.containsKey(file) || folders.contains(file);
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public void pause(Duration duration) {
    nanos += duration.toNanos();
    meanwhile.run();
    if (pausesUntilDeath > 0 && --pausesUntilDeath == 0) {
      processes.clear();
    }
  }

  @Override
  public Optional<Held> hold(int pid) {
    if (!runs(pid)) {
      return Optional.empty();
    }
    return Optional.of(
        new Held() {
          @Override
          public void kill() {
            processes.values().forEach(pids -> pids.remove(pid));
          }

          @Override
          public void close() {}
        });
  }

  @Override
  public void restrict(Path folder, List<DeviceRule> rules) throws CgroupException {
    operation("restrict", folder);
  }
}
