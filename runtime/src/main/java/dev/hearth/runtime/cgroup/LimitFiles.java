package dev.hearth.runtime.cgroup;

/** Limits as the files of one cgroup version have them. */
interface LimitFiles {
  /**
   * Writes every limit that is given.
   *
   * @throws CgroupException UNSUPPORTED if this host cannot limit that, INVALID if the value makes
   *     no sense, BUSY if the group already uses more
   */
  void apply(Limits limits, LimitWriter out) throws CgroupException;
}
