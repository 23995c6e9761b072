package dev.hearth.runtime.cgroup;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Groups as folders that we make:
 *
 * <pre>
 * /hearth/shims                    the shims
 * /hearth/POD/CONTAINER            where the request names no parent
 * /kubepods/…/podUID/POD/CONTAINER where it does
 * </pre>
 *
 * A pod has a group of its own even below the kubelet's: the same parent may hold several pods, and
 * freezing, killing, counting and removing a pod is then one operation on one folder.
 */
final class FolderDriver implements GroupDriver {
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

  private final CgroupPath parent;
  private final Layout layout;
  private final CgroupTree tree;
  private final Groups groups;

  FolderDriver(CgroupPath parent, Layout layout, CgroupTree tree, Groups groups) {
    this.parent = parent;
    this.layout = layout;
    this.tree = tree;
    this.groups = groups;
  }

  /** The group of the shims, only in the hierarchies in which it matters. */
  private Cgroup shims() {
    List<Hierarchy> where =
        layout.hierarchies().stream()
            .filter(h -> h.isV2() || h.controllers().stream().anyMatch(MATTERS_TO_SHIMS::contains))
            .toList();
    return groups.of(parent.child("shims"), where);
  }

  @Override
  public void begin() throws CgroupException {
    var _ = tree.make(layout.hierarchies(), parent);
    shims().make(Limits.NONE);
  }

  @Override
  public CgroupPath podPath(String requested, String pod) throws CgroupException {
    return (requested.isEmpty() ? parent : CgroupPath.parse(requested)).child(pod);
  }

  @Override
  public CgroupPath containerPath(CgroupPath pod, String container) {
    return pod.child(container);
  }

  @Override
  public CgroupPath pausePath(CgroupPath pod) {
    return pod.child("pause");
  }

  @Override
  public void makePod(Cgroup pod) throws CgroupException {
    pod.make(Limits.NONE);
  }

  @Override
  public Seat seat(Cgroup group, Limits limits) throws CgroupException {
    group.make(limits);
    return new Seat(group, shims().join(), () -> {});
  }

  @Override
  public void changed(CgroupPath group, Limits limits) {
    // The files are all there is.
  }

  @Override
  public void remove(CgroupPath group, Duration timeout)
      throws CgroupException, InterruptedException {
    tree.remove(layout.hierarchies(), group, timeout);
  }
}
