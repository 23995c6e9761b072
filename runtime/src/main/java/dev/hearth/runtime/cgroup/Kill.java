package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Sends SIGKILL to whatever is in a group. Stateless. */
final class Kill {
  private static final System.Logger LOG = System.getLogger(Kill.class.getName());

  /** Rounds against a group that forks faster than it freezes. */
  private static final int ROUNDS = 50;

  private static final Duration FREEZE_FOR = Duration.ofMillis(200);

  private final CgroupFiles files;
  private final CgroupTree tree;
  private final Freezer freezer;
  private final Pidfds pidfds;

  Kill(CgroupFiles files, CgroupTree tree, Freezer freezer, Pidfds pidfds) {
    this.files = files;
    this.tree = tree;
    this.freezer = freezer;
    this.pidfds = pidfds;
  }

  /**
   * Kills all processes of a group and below. On return each has its SIGKILL pending; their end is
   * for the caller to await.
   *
   * @param unified the group's v2 folder, if any
   * @param v1 the group's folders in v1 hierarchies that tell who is in it
   */
  void all(CgroupPath group, Optional<Path> unified, List<Path> v1)
      throws CgroupException, InterruptedException {
    boolean done = unified.isPresent() && killV2(unified.get());
    Set<Integer> killed = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      // v1 before v2: what ends in between is then taken for a stray, looked at again and let go.
      Set<Integer> strays = pids(v1);
      if (unified.isPresent()) {
        Set<Integer> known = pids(List.of(unified.get()));
        if (done) {
          strays.removeAll(known);
        } else {
          strays.addAll(known);
        }
      }
      if (killed.containsAll(strays)) {
        return;
      }
      killed.addAll(killFrozen(group, unified, v1));
    }
    throw new CgroupException(
        Reason.BUSY, "kill cgroup " + group + ": it forks faster than it can be killed");
  }

  private boolean killV2(Path folder) throws CgroupException {
    try {
      files.write(folder.resolve("cgroup.kill"), "1");
      return true;
    } catch (CgroupException e) {
      // Before Linux 5.14, or the group is gone.
      if (e.is(Reason.ABSENT)) {
        return false;
      }
      throw e;
    }
  }

  /** A frozen process forks nothing meanwhile. */
  private Set<Integer> killFrozen(CgroupPath group, Optional<Path> unified, List<Path> v1)
      throws CgroupException, InterruptedException {
    try {
      freezer.freeze(group, FREEZE_FOR);
    } catch (CgroupException e) {
      // Killing those in sight is still right; the next round finds what they forked.
      LOG.log(Level.DEBUG, () -> "kill cgroup " + group + " without freezing: " + e.getMessage());
    }
    try {
      return killInSight(unified, v1);
    } finally {
      freezer.thaw(group);
    }
  }

  private Set<Integer> killInSight(Optional<Path> unified, List<Path> v1) throws CgroupException {
    Map<Integer, Pidfds.Held> held = new HashMap<>();
    try {
      for (int pid : pids(unified, v1)) {
        Optional<Pidfds.Held> process = pidfds.hold(pid);
        if (process.isPresent()) {
          held.put(pid, process.get());
        }
      }
      // Only now is it sure that a number names a process of this group, not one that came after.
      Set<Integer> sure = pids(unified, v1);
      sure.retainAll(held.keySet());
      for (Map.Entry<Integer, Pidfds.Held> entry : held.entrySet()) {
        if (sure.contains(entry.getKey())) {
          entry.getValue().kill();
        }
      }
      return sure;
    } finally {
      held.values().forEach(Pidfds.Held::close);
    }
  }

  private Set<Integer> pids(Optional<Path> unified, List<Path> v1) throws CgroupException {
    Set<Integer> all = pids(v1);
    if (unified.isPresent()) {
      all.addAll(tree.pids(unified.get()));
    }
    return all;
  }

  private Set<Integer> pids(List<Path> folders) throws CgroupException {
    Set<Integer> all = new HashSet<>();
    for (Path folder : folders) {
      all.addAll(tree.pids(folder));
    }
    return all;
  }
}
