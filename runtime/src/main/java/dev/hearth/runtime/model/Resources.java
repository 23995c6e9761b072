package dev.hearth.runtime.model;

import java.util.Map;

/**
 * Limits of a container or pod (CRI LinuxContainerResources). Zero or empty means: not given.
 *
 * @param cpuPeriod microseconds
 * @param cpuQuota microseconds in each period; negative for none
 * @param memoryLimit bytes; negative for none
 * @param memorySwapLimit bytes of memory and swap together; negative for none
 * @param oomScoreAdj -1000 to 1000, see proc_pid_oom_score_adj(5)
 * @param hugepageLimits page size as the kernel names it ("2MB") to bytes
 * @param unified cgroup v2 file to value
 * @param pids tasks at a time, negative for no limit; CRI has no such field, plugins do
 */
public record Resources(
    long cpuPeriod,
    long cpuQuota,
    long cpuShares,
    long memoryLimit,
    long memorySwapLimit,
    int oomScoreAdj,
    String cpusetCpus,
    String cpusetMems,
    Map<String, Long> hugepageLimits,
    Map<String, String> unified,
    long pids) {

  /** Nothing asked for. */
  public static final Resources NONE =
      new Resources(0, 0, 0, 0, 0, 0, "", "", Map.of(), Map.of(), 0);

  public Resources {
    hugepageLimits = Map.copyOf(hugepageLimits);
    unified = Map.copyOf(unified);
    if (cpuPeriod < 0 || cpuShares < 0) {
      throw new HearthException.InvalidRequest(
          "cpu period and shares cannot be negative: " + cpuPeriod + ", " + cpuShares);
    }
    if (oomScoreAdj < -1000 || oomScoreAdj > 1000) {
      throw new HearthException.InvalidRequest(
          "oom_score_adj is outside -1000..1000: " + oomScoreAdj);
    }
    Checks.text("cpuset cpus", cpusetCpus);
    Checks.text("cpuset mems", cpusetMems);
  }

  /** The same with another score. */
  public Resources withOomScoreAdj(int score) {
    return new Resources(
        cpuPeriod,
        cpuQuota,
        cpuShares,
        memoryLimit,
        memorySwapLimit,
        score,
        cpusetCpus,
        cpusetMems,
        hugepageLimits,
        unified,
        pids);
  }
}
