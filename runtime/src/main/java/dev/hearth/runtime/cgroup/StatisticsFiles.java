package dev.hearth.runtime.cgroup;

/** Statistics as the files of one cgroup version have them. */
interface StatisticsFiles {
  /**
   * Reads what this host counts.
   *
   * @throws CgroupException ABSENT if the group is gone
   */
  Statistics read(CgroupPath group) throws CgroupException;

  /** How often the kernel killed a process here for want of memory. */
  long oomKills(CgroupPath group) throws CgroupException;
}
