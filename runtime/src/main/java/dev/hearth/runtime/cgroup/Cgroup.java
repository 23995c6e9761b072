package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Cgroups.Tools;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One control group, in every hierarchy at once. A name, not a resource: nothing is open, and the
 * group may come and go. Thread-safe as far as the kernel is; two updates of one group at a time
 * are for the caller to prevent.
 */
public final class Cgroup {
  private final CgroupPath path;
  private final Layout layout;
  private final List<Hierarchy> hierarchies;
  private final Tools tools;

  Cgroup(CgroupPath path, Layout layout, List<Hierarchy> hierarchies, Tools tools) {
    this.path = path;
    this.layout = layout;
    this.hierarchies = hierarchies;
    this.tools = tools;
  }

  public CgroupPath path() {
    return path;
  }

  /** Whether it is there in any hierarchy. */
  public boolean exists() {
    return hierarchies.stream().anyMatch(h -> tools.files().exists(h.folder(path)));
  }

  void make(Limits limits) throws CgroupException {
    CgroupTree.Made made = tools.tree().make(hierarchies, path);
    try {
      apply(limits, made.isNew());
    } catch (CgroupException e) {
      made.undo(e);
      throw e;
    }
  }

  /**
   * Changes what is given and leaves the rest. On failure everything is as before, except device
   * rules.
   *
   * @throws CgroupException ABSENT if the group is gone, BUSY if it uses more than the new limit,
   *     INVALID or UNSUPPORTED for a limit that cannot be
   */
  public void update(Limits limits) throws CgroupException, InterruptedException {
    if (!exists()) {
      throw StatisticsReader.absent(path);
    }
    // To shrink is to reclaim memory, which may take as long as a disk does.
    tools.blocking().run(() -> apply(limits, false));
  }

  private void apply(Limits limits, boolean fresh) throws CgroupException {
    if (limits.concernHugepages()) {
      tools.tree().handDown(hierarchies, path, Controller.HUGETLB);
    }
    LimitWriter out = new LimitWriter(tools.files(), path, fresh);
    try {
      tools.limits().apply(limits, out);
      if (!fresh) {
        tools.driver().changed(path, limits);
      }
    } catch (CgroupException e) {
      out.rollBack(e);
      throw e;
    }
  }

  /** How a new process gets in. */
  public Join join() {
    List<Path> tasks =
        hierarchies.stream()
            .filter(h -> !h.isV2())
            .map(h -> h.folder(path).resolve("tasks"))
            .toList();
    return new Join(tasks, unifiedFolder());
  }

  /**
   * Its folder in each v1 hierarchy, by the name of the hierarchy's mount point, such as {@code
   * cpu,cpuacct}; for showing them in a container.
   */
  public SortedMap<String, Path> v1Folders() {
    SortedMap<String, Path> folders = new TreeMap<>();
    for (Hierarchy h : hierarchies) {
      if (!h.isV2()) {
        folders.put(String.valueOf(h.root().getFileName()), h.folder(path));
      }
    }
    return folders;
  }

  private Optional<Path> unifiedFolder() {
    return hierarchies.stream().filter(Hierarchy::isV2).findFirst().map(h -> h.folder(path));
  }

  private List<Path> trackingFolders() {
    return Cgroups.tracking(layout).map(h -> h.folder(path)).stream().toList();
  }

  /** Its processes and those of all groups below, ascending; none if it is gone. */
  public List<Integer> pids() throws CgroupException {
    TreeSet<Integer> all = new TreeSet<>();
    for (Path folder : trackingFolders()) {
      all.addAll(tools.tree().pids(folder));
    }
    if (unifiedFolder().isPresent()) {
      all.addAll(tools.tree().pids(unifiedFolder().get()));
    }
    return List.copyOf(all);
  }

  /**
   * Stops every process, and returns once they stand still.
   *
   * @throws CgroupException TIMED_OUT if one does not within the time; all run on then
   */
  public void freeze(Duration timeout) throws CgroupException, InterruptedException {
    tools.freezer().freeze(path, timeout);
  }

  /** Lets them run again. Nothing happens if the group is gone or was not frozen. */
  public void thaw() throws CgroupException {
    tools.freezer().thaw(path);
  }

  /**
   * Its folder in the hierarchy that freezes it.
   *
   * @throws CgroupException UNSUPPORTED if this host has none
   */
  public Path freezerFolder() throws CgroupException {
    return tools.freezer().folder(path);
  }

  public boolean isFrozen() throws CgroupException {
    return tools.freezer().isFrozen(path);
  }

  /**
   * Sends SIGKILL to every process, frozen or not. On return it is pending everywhere; their end is
   * to be awaited, {@link #remove} does. Nothing happens if the group is gone.
   */
  public void kill() throws CgroupException, InterruptedException {
    tools.kill().all(path, unifiedFolder(), trackingFolders());
  }

  /**
   * Removes the group and all below. What is already gone is fine, so it can be repeated.
   *
   * @param timeout how long to wait for processes that are on their way out
   * @throws CgroupException BUSY if processes are left; the message names them
   */
  public void remove(Duration timeout) throws CgroupException, InterruptedException {
    tools.statistics().forget(path);
    tools.driver().remove(path, timeout);
  }

  /**
   * What it has used so far.
   *
   * @throws CgroupException ABSENT if it is gone
   */
  public Statistics statistics() throws CgroupException {
    return tools.statistics().read(path, true);
  }

  /**
   * Of that what is asked for every few seconds, from files that stay open in between: CPU time as
   * a whole, memory but for the kernel's, tasks and pressure. The rest is UNKNOWN.
   *
   * @throws CgroupException ABSENT if it is gone
   */
  public Statistics usage() throws CgroupException {
    return tools.statistics().read(path, false);
  }

  /** What it has used beyond that; what this host does not count, or no longer has, is left out. */
  public Details details() {
    return tools.details().read(path);
  }

  /**
   * How often the kernel killed a process here for want of memory.
   *
   * @throws CgroupException ABSENT if it is gone
   */
  public long oomKills() throws CgroupException {
    return tools.statistics().oomKills(path);
  }

  /**
   * The file whose line {@code oom_kill N} counts those, for the shim to read when its container
   * ends; nothing without a memory controller.
   */
  public Optional<Path> oomFile() {
    return tools.statistics().oomFile(path);
  }

  @Override
  public String toString() {
    return path.value();
  }
}
