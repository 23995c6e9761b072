package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.cgroup.Hierarchy.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * How this host arranges its control groups: which hierarchies are mounted, and what controls what.
 */
public record Layout(List<Hierarchy> hierarchies) {
  /** The three arrangements systemd and others leave behind. */
  public enum Mode {
    V1,
    /** v1 controllers beside a v2 tree that has few or none. */
    HYBRID,
    V2
  }

  public Layout {
    hierarchies = List.copyOf(hierarchies);
    if (hierarchies.isEmpty()) {
      throw new IllegalArgumentException("no hierarchy");
    }
  }

  public Mode mode() {
    if (unified().isEmpty()) {
      return Mode.V1;
    }
    return hierarchies.size() == 1 ? Mode.V2 : Mode.HYBRID;
  }

  /** The v2 tree, if there is one. */
  public Optional<Hierarchy> unified() {
    return hierarchies.stream().filter(Hierarchy::isV2).findFirst();
  }

  /** Where a controller is, if anywhere. */
  public Optional<Hierarchy> of(Controller controller) {
    return hierarchies.stream().filter(h -> h.has(controller)).findFirst();
  }

  List<Hierarchy> v1() {
    return hierarchies.stream().filter(h -> !h.isV2()).toList();
  }

  /**
   * Finds out, from {@code self/mountinfo} (proc_pid_mountinfo(5)) and the v2 root's {@code
   * cgroup.controllers}. /proc/cgroups adds nothing: a controller that is switched off appears in
   * neither.
   *
   * @param proc where procfs is mounted
   * @throws CgroupException UNSUPPORTED if no hierarchy is mounted at all
   */
  static Layout read(CgroupFiles files, Path proc) throws CgroupException {
    List<CgroupMount> mounts =
        files
            .read(proc.resolve("self/mountinfo"))
            .lines()
            .flatMap(line -> CgroupMount.parse(line, proc).stream())
            .sorted(Comparator.comparing(CgroupMount::isUsual).reversed())
            .toList();
    List<Hierarchy> found = new ArrayList<>();
    Set<Controller> taken = EnumSet.noneOf(Controller.class);
    for (CgroupMount mount : mounts) {
      Set<Controller> controllers =
          mount.isV2()
              ? named(Controller::v2, files.read(mount.point().resolve("cgroup.controllers")))
              : named(Controller::v1, mount.options().replace(',', ' '));
      boolean secondV2 = mount.isV2() && found.stream().anyMatch(Hierarchy::isV2);
      boolean useless = !mount.isV2() && controllers.isEmpty();
      if (!secondV2 && !useless && controllers.stream().noneMatch(taken::contains)) {
        taken.addAll(controllers);
        Version version = mount.isV2() ? Version.V2 : Version.V1;
        found.add(new Hierarchy(version, mount.point(), controllers));
      }
    }
    if (found.isEmpty()) {
      throw new CgroupException(
          Reason.UNSUPPORTED, "no cgroup hierarchy is mounted: mount cgroup2 on /sys/fs/cgroup");
    }
    return new Layout(found);
  }

  private static Set<Controller> named(Function<Controller, String> name, String words) {
    List<String> present = Arrays.asList(words.strip().split(" +", -1));
    Set<Controller> known = EnumSet.noneOf(Controller.class);
    for (Controller controller : Controller.values()) {
      if (!name.apply(controller).isEmpty() && present.contains(name.apply(controller))) {
        known.add(controller);
      }
    }
    return known;
  }
}
