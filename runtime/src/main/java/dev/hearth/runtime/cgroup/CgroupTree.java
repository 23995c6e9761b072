package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Makes and removes the folders of groups. Stateless. */
final class CgroupTree {
  /** Controllers that v2 has to be told to hand down, and that every group has a use for. */
  private static final Set<Controller> HANDED_DOWN =
      Set.copyOf(
          EnumSet.of(
              Controller.CPU,
              Controller.CPUSET,
              Controller.MEMORY,
              Controller.PIDS,
              Controller.IO));

  /** How often to start again when somebody removes the parent just made. */
  private static final int ATTEMPTS = 5;

  private final CgroupFiles files;
  private final Ticker ticker;

  CgroupTree(CgroupFiles files, Ticker ticker) {
    this.files = files;
    this.ticker = ticker;
  }

  /**
   * Makes a group, and every group above it that is missing, in these hierarchies.
   *
   * @return the folders that were not there before, in the order they were made
   */
  Made make(List<Hierarchy> hierarchies, CgroupPath group) throws CgroupException {
    Made made = new Made();
    try {
      for (Hierarchy hierarchy : hierarchies) {
        boolean isNew = makeFolder(hierarchy, group, made);
        made.isNew &= isNew;
        if (isNew && hierarchy.isV2()) {
          handDown(hierarchy, group, HANDED_DOWN);
        }
      }
      return made;
    } catch (CgroupException e) {
      made.undo(e);
      throw e;
    }
  }

  /** Folders made by one call. */
  final class Made {
    private final Deque<Path> folders = new ArrayDeque<>();

    private boolean isNew = true;

    /** Whether the group itself was nowhere before, so that it holds nothing worth keeping. */
    boolean isNew() {
      return isNew;
    }

    /** Removes them again, last first; a folder somebody else uses by now stays. */
    void undo(CgroupException cause) {
      while (!folders.isEmpty()) {
        try {
          files.removeFolder(folders.pop());
        } catch (CgroupException e) {
          if (!e.is(Reason.BUSY)) {
            cause.addSuppressed(e);
          }
        }
      }
    }
  }

  private boolean makeFolder(Hierarchy hierarchy, CgroupPath group, Made made)
      throws CgroupException {
    Path folder = hierarchy.folder(group);
    // Looking costs a tenth of being told by an exception, and on v1 a pod has no group of its own
    // in most hierarchies before its first container.
    if (!group.isRoot() && !files.exists(hierarchy.folder(group.parent()))) {
      makeFolder(hierarchy, group.parent(), made);
    }
    for (int attempt = 1; ; attempt++) {
      try {
        boolean isNew = files.makeFolder(folder);
        if (isNew) {
          made.folders.push(folder);
          if (hierarchy.has(Controller.CPUSET) && !hierarchy.isV2()) {
            inheritCpuset(hierarchy, group);
          }
        }
        return isNew;
      } catch (CgroupException e) {
        if (!e.is(Reason.ABSENT) || group.isRoot() || attempt == ATTEMPTS) {
          throw e;
        }
        makeFolder(hierarchy, group.parent(), made);
      }
    }
  }

  /** A v1 cpuset starts empty, and nothing may join an empty one. */
  private void inheritCpuset(Hierarchy hierarchy, CgroupPath group) throws CgroupException {
    for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
      Path own = hierarchy.folder(group).resolve(file);
      Path above = hierarchy.folder(group.parent()).resolve(file);
      String value = files.read(above).strip();
      if (value.isEmpty() && !group.parent().isRoot()) {
        inheritCpuset(hierarchy, group.parent());
        value = files.read(above).strip();
      }
      // With cgroup.clone_children set above, the kernel has already copied it.
      if (!value.isEmpty() && files.read(own).isBlank()) {
        files.write(own, value);
      }
    }
  }

  /**
   * Has v2 hand a controller down to an existing group. It stays so from the root on, groups of
   * others included, and is therefore not done for a controller that few groups have a use for.
   */
  void handDown(List<Hierarchy> hierarchies, CgroupPath group, Controller controller)
      throws CgroupException {
    for (Hierarchy hierarchy : hierarchies) {
      if (hierarchy.isV2()) {
        handDown(hierarchy, group, Set.of(controller));
      }
    }
  }

  /**
   * Enables controllers in {@code cgroup.subtree_control} from the root down to the parent. What
   * the tree refuses is left out: whoever asks for such a limit will be told.
   */
  private void handDown(Hierarchy hierarchy, CgroupPath group, Set<Controller> controllers)
      throws CgroupException {
    Set<Controller> wanted = EnumSet.noneOf(Controller.class);
    controllers.stream().filter(hierarchy::has).forEach(wanted::add);
    if (wanted.isEmpty()) {
      return;
    }
    wanted.removeAll(enabled(hierarchy.folder(group).resolve("cgroup.controllers")));
    if (wanted.isEmpty()) {
      return;
    }
    Deque<CgroupPath> down = new ArrayDeque<>();
    for (CgroupPath above = group; !above.isRoot(); ) {
      above = above.parent();
      down.push(above);
    }
    for (CgroupPath above : down) {
      enable(hierarchy.folder(above).resolve("cgroup.subtree_control"), wanted);
    }
  }

  private void enable(Path control, Set<Controller> wanted) throws CgroupException {
    Set<Controller> missing = EnumSet.copyOf(wanted);
    missing.removeAll(enabled(control));
    for (Controller controller : missing) {
      try {
        files.write(control, "+" + controller.v2());
      } catch (CgroupException e) {
        // Absent above, in use by a realtime thread, or the group above holds processes itself.
        if (e.is(Reason.FAILED)) {
          throw e;
        }
        wanted.remove(controller);
      }
    }
  }

  private Set<Controller> enabled(Path file) throws CgroupException {
    List<String> names = Arrays.asList(files.read(file).strip().split(" ", -1));
    Set<Controller> present = EnumSet.noneOf(Controller.class);
    for (Controller controller : Controller.values()) {
      if (names.contains(controller.v2())) {
        present.add(controller);
      }
    }
    return present;
  }

  /**
   * Removes a group and all below it. What is already gone is fine.
   *
   * @param timeout how long to wait for processes that are on their way out
   * @throws CgroupException BUSY if processes are left
   */
  void remove(List<Hierarchy> hierarchies, CgroupPath group, Duration timeout)
      throws CgroupException, InterruptedException {
    Patience patience = new Patience(ticker, timeout);
    CgroupException failure = null;
    for (Hierarchy hierarchy : hierarchies) {
      try {
        removeFolder(hierarchy.folder(group), patience);
      } catch (CgroupException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void removeFolder(Path folder, Patience patience)
      throws CgroupException, InterruptedException {
    while (true) {
      try {
        files.removeFolder(folder);
        return;
      } catch (CgroupException e) {
        if (!e.is(Reason.BUSY)) {
          throw e;
        }
        List<String> children = files.folders(folder);
        for (String child : children) {
          removeFolder(folder.resolve(child), patience);
        }
        if (children.isEmpty() && !patience.wearsOn()) {
          throw new CgroupException(
              Reason.BUSY, "remove cgroup " + folder + ": " + stillThere(folder), e);
        }
      }
    }
  }

  private String stillThere(Path folder) {
    try {
      String pids = String.join(", ", files.read(folder.resolve("cgroup.procs")).lines().toList());
      return pids.isEmpty() ? "busy, though it holds no process" : "it still holds process " + pids;
    } catch (CgroupException e) {
      return "busy";
    }
  }

  /** Processes of a group and all below it, in no order. */
  List<Integer> pids(Path folder) throws CgroupException {
    List<Integer> found = new ArrayList<>();
    collect(folder, found);
    return found;
  }

  private void collect(Path folder, List<Integer> found) throws CgroupException {
    try {
      for (String line : files.read(folder.resolve("cgroup.procs")).lines().toList()) {
        // Zero is a process in a PID namespace that cannot be seen from here.
        int pid = Integer.parseInt(line);
        if (pid > 0) {
          found.add(pid);
        }
      }
    } catch (CgroupException e) {
      if (e.is(Reason.ABSENT)) {
        return;
      }
      throw e;
    }
    for (String child : files.folders(folder)) {
      collect(folder.resolve(child), found);
    }
  }
}
