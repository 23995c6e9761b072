package dev.hearth.runtime.container;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.SmallFiles;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** Sets how readily processes that run are killed for want of memory. */
final class OomScores {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");
  private static final Set<OpenFlag> FOLDER = EnumSet.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY);

  private OomScores() {}

  /**
   * Adjusts every process of a group; those begun later inherit it.
   *
   * @param score -1000 to 1000, proc_pid_oom_score_adj(5). What the daemon may not lower stays, as
   *     at a start
   */
  static void adjust(Cgroup group, int score) throws CgroupException, LinuxException {
    for (int pid : group.pids()) {
      try (Fd process = Opens.open(Path.of("/proc", Integer.toString(pid)), FOLDER)) {
        // Its number may have become another's before it was opened, but not since.
        if (SmallFiles.readAt(process, "cgroup").contains(group.path().value())) {
          SmallFiles.writeAt(process, "oom_score_adj", Integer.toString(score));
        }
      } catch (LinuxException e) {
        if (e.isAnyOf(Errno.EACCES, Errno.EPERM)) {
          LOG.log(
              System.Logger.Level.WARNING,
              "oom_score_adj of process {0} cannot be lowered to {1} without CAP_SYS_RESOURCE",
              Integer.toString(pid),
              score);
        } else if (!e.isAnyOf(Errno.ENOENT, Errno.ESRCH)) {
          throw e;
        }
      }
    }
  }
}
