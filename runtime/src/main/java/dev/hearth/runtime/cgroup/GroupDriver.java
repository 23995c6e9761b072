package dev.hearth.runtime.cgroup;

import java.time.Duration;
import java.util.List;

/** Who makes and removes groups, and how these are named. Thread-safe. */
interface GroupDriver {
  /** Makes names of groups; for drivers, which groups need in turn. */
  @FunctionalInterface
  interface Groups {
    Cgroup of(CgroupPath path, List<Hierarchy> hierarchies);
  }

  /** Makes what has to be there before the first pod. */
  void begin() throws CgroupException, InterruptedException;

  /**
   * Where a pod's group is, existing or not.
   *
   * @param requested the request's cgroup_parent; empty for the configured one
   */
  CgroupPath podPath(String requested, String pod) throws CgroupException;

  /** Where the group of one of a pod's containers is, existing or not. */
  CgroupPath containerPath(CgroupPath pod, String container);

  /** Where the group of a pod's process 1 is, existing or not. */
  CgroupPath pausePath(CgroupPath pod);

  /** Makes a pod's group. One that exists is left as it is. */
  void makePod(Cgroup pod) throws CgroupException, InterruptedException;

  /** Makes a group for a process, and a place for its shim. On failure nothing of it is left. */
  Seat seat(Cgroup group, Limits limits) throws CgroupException, InterruptedException;

  /**
   * Tells whoever has to know of limits that were changed in a group's files.
   *
   * @throws CgroupException if they cannot be; the files are then put back
   */
  void changed(CgroupPath group, Limits limits) throws CgroupException;

  /**
   * Removes a group and all below. What is already gone is fine.
   *
   * @param timeout how long to wait for processes that are on their way out
   * @throws CgroupException BUSY if processes are left
   */
  void remove(CgroupPath group, Duration timeout) throws CgroupException, InterruptedException;
}
