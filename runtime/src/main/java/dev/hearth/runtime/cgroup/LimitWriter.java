package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes limits into one group's files and can take them back: an update that fails half-way leaves
 * the group as it was. Used by one thread.
 */
final class LimitWriter {
  private static final System.Logger LOG = System.getLogger(LimitWriter.class.getName());

  private record Written(Path file, String before) {}

  private final CgroupFiles files;
  private final CgroupPath group;
  private final boolean fresh;
  private final Deque<Written> written = new ArrayDeque<>();

  /**
   * @param fresh whether the group was just made: then there is nothing worth keeping, and the
   *     reads are saved
   */
  LimitWriter(CgroupFiles files, CgroupPath group, boolean fresh) {
    this.files = files;
    this.group = group;
    this.fresh = fresh;
  }

  CgroupPath group() {
    return group;
  }

  boolean fresh() {
    return fresh;
  }

  String read(Path file) throws CgroupException {
    try {
      return files.read(file).strip();
    } catch (CgroupException e) {
      throw e.is(Reason.ABSENT) ? missing(file, e) : e;
    }
  }

  boolean has(Path file) {
    return files.exists(file);
  }

  /**
   * @throws CgroupException UNSUPPORTED if the group has no such file, else why the kernel refused
   */
  void put(Path file, String value) throws CgroupException {
    try {
      String before = fresh ? "" : read(file);
      if (!fresh && before.equals(value)) {
        return;
      }
      files.write(file, value);
      written.push(new Written(file, before));
    } catch (CgroupException e) {
      if (e.is(Reason.ABSENT)) {
        throw missing(file, e);
      }
      throw new CgroupException(
          e.reason(),
          "set " + file.getFileName() + " of " + group + " to " + value + ": " + e.getMessage(),
          e);
    }
  }

  /** Writes to a file that takes orders and tells nothing back; these are not taken back. */
  void order(Path file, String value) throws CgroupException {
    files.write(file, value);
  }

  /** Likewise, where failure is as good as success. */
  void tryOrder(Path file, String value) {
    try {
      files.write(file, value);
    } catch (CgroupException e) {
      LOG.log(Level.DEBUG, () -> "cgroup " + group + ": " + e.getMessage());
    }
  }

  private CgroupException missing(Path file, CgroupException cause) {
    Path folder = file.getParent();
    if (folder == null || !files.exists(folder)) {
      return new CgroupException(Reason.ABSENT, "cgroup " + group + " does not exist", cause);
    }
    return new CgroupException(
        Reason.UNSUPPORTED,
        "cgroup "
            + group
            + " has no "
            + file.getFileName()
            + ": this kernel or its settings lack it",
        cause);
  }

  /** Puts back what was there before, last first; what fails is added to the cause. */
  void rollBack(CgroupException cause) {
    while (!fresh && !written.isEmpty()) {
      Written last = written.pop();
      try {
        // An empty write never reaches the kernel; a line break stands for "empty".
        files.write(last.file, last.before.isEmpty() ? "\n" : last.before);
      } catch (CgroupException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
