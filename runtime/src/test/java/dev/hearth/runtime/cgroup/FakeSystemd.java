package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * systemd over a {@link FakeKernel}, as strict as the real one in what Hearth relies on: a scope
 * begins with a process that lives, and ends when it is empty; slices stay until they are stopped,
 * and what is above one comes with it. Used by one thread.
 */
final class FakeSystemd implements SystemdUnits, Placeholders {
  private static final int FIRST_PLACEHOLDER = 7000;

  private record Unit(CgroupPath group, Map<String, UnitProperty> properties) {}

  private final FakeKernel kernel;
  private final Map<String, Unit> units = new TreeMap<>();
  private final Set<String> failed = new HashSet<>();
  private final Set<Integer> placeholders = new HashSet<>();
  private int nextPlaceholder = FIRST_PLACEHOLDER;

  /** Calls by name, in order. */
  final List<String> calls = new ArrayList<>();

  /** What makes the n-th call from now fail; zero for never. */
  int failAt;

  FakeSystemd(FakeKernel kernel) {
    this.kernel = kernel;
    kernel.meanwhile = this::endEmptyScopes;
  }

  /** Names of the units that are loaded. */
  Set<String> loaded() {
    endEmptyScopes();
    return Set.copyOf(units.keySet());
  }

  Set<Integer> placeholders() {
    return Set.copyOf(placeholders);
  }

  UnitProperty property(String unit, String name) {
    Unit found = units.get(unit);
    UnitProperty property = found == null ? null : found.properties.get(name);
    if (property == null) {
      throw new AssertionError(unit + " has no " + name);
    }
    return property;
  }

  /** A unit that failed, and is still remembered. */
  void fail(String unit) {
    failed.add(unit);
  }

  private void operation(String call, String unit) throws CgroupException {
    calls.add(call + " " + unit);
    endEmptyScopes();
    if (calls.size() == failAt) {
      throw new CgroupException(Reason.FAILED, "injected: " + call + " " + unit);
    }
  }

  @Override
  public void start(String unit, List<UnitProperty> properties) throws CgroupException {
    operation("start", unit);
    if (units.containsKey(unit) || failed.contains(unit)) {
      throw new CgroupException(Reason.BUSY, "unit " + unit + " exists");
    }
    Map<String, UnitProperty> named = new HashMap<>();
    properties.forEach(property -> named.put(property.name(), property));
    if (unit.endsWith(".slice")) {
      startSlice(Slices.path(unit), named);
      return;
    }
    if (!(named.get("PIDs") instanceof UnitProperty.Pids pids)
        || !placeholders.containsAll(pids.value())) {
      throw new CgroupException(Reason.FAILED, "scope " + unit + " has no process");
    }
    if (!(named.get("Slice") instanceof UnitProperty.Text slice)) {
      throw new CgroupException(Reason.INVALID, "scope " + unit + " has no slice");
    }
    CgroupPath above = Slices.path(slice.value());
    startSlice(above, Map.of());
    CgroupPath group = above.child(unit);
    make(group);
    pids.value().forEach(pid -> kernel.run(pid, group.value()));
    units.put(unit, new Unit(group, named));
  }

  private void startSlice(CgroupPath slice, Map<String, UnitProperty> properties)
      throws CgroupException {
    if (slice.isRoot() || units.containsKey(slice.name())) {
      return;
    }
    startSlice(slice.parent(), Map.of());
    make(slice);
    units.put(slice.name(), new Unit(slice, properties));
  }

  private void make(CgroupPath group) throws CgroupException {
    Hierarchy unified = kernel.layout().unified().orElseThrow();
    Path above = unified.folder(group.parent());
    for (Controller controller : unified.controllers()) {
      String enabled = kernel.files.getOrDefault(above.resolve("cgroup.subtree_control"), "");
      if (!List.of(enabled.split(" ", -1)).contains(controller.v2())) {
        kernel.write(above.resolve("cgroup.subtree_control"), "+" + controller.v2());
      }
    }
    kernel.makeFolder(unified.folder(group));
  }

  @Override
  public void set(String unit, List<UnitProperty> properties) throws CgroupException {
    operation("set", unit);
    Unit found = units.get(unit);
    if (found == null) {
      throw new CgroupException(Reason.ABSENT, "unit " + unit + " is not loaded");
    }
    properties.forEach(property -> found.properties.put(property.name(), property));
  }

  @Override
  public void stop(String unit, Duration timeout) throws CgroupException {
    operation("stop", unit);
    Unit stopped = units.get(unit);
    if (stopped == null) {
      return;
    }
    List<String> below =
        units.entrySet().stream()
            .filter(entry -> entry.getValue().group.isAtOrBelow(stopped.group))
            .map(Map.Entry::getKey)
            .toList();
    Path folder = folder(stopped.group);
    kernel.processes.keySet().removeIf(group -> group.startsWith(folder));
    removeFolders(stopped.group);
    below.forEach(units::remove);
  }

  @Override
  public void forget(String unit) throws CgroupException {
    operation("forget", unit);
    failed.remove(unit);
  }

  private void endEmptyScopes() {
    List<String> empty =
        units.entrySet().stream()
            .filter(entry -> entry.getKey().endsWith(".scope"))
            .filter(entry -> isEmpty(folder(entry.getValue().group)))
            .map(Map.Entry::getKey)
            .toList();
    for (String unit : empty) {
      Unit ended = units.remove(unit);
      if (ended != null) {
        removeFolders(ended.group);
      }
    }
  }

  private boolean isEmpty(Path folder) {
    return kernel.processes.entrySet().stream()
        .noneMatch(entry -> entry.getKey().startsWith(folder) && !entry.getValue().isEmpty());
  }

  private void removeFolders(CgroupPath group) {
    Path folder = folder(group);
    kernel.folders.removeIf(each -> each.startsWith(folder));
    kernel.files.keySet().removeIf(file -> file.startsWith(folder));
  }

  private Path folder(CgroupPath group) {
    return kernel.layout().unified().orElseThrow().folder(group);
  }

  @Override
  public Held start() {
    int pid = nextPlaceholder++;
    placeholders.add(pid);
    return new Held() {
      @Override
      public int pid() {
        return pid;
      }

      @Override
      public void release() {
        placeholders.remove(pid);
        kernel.processes.values().forEach(pids -> pids.remove(pid));
      }
    };
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
