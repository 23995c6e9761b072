package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.model.Resources;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a control group is allowed. Zero and empty mean "leave as it is", as CRI's
 * LinuxContainerResources has it; negative means "no limit".
 *
 * @param cpuPeriodMicros the time over which the quota counts
 * @param cpuQuotaMicros CPU time in a period
 * @param cpuShares v1 shares, 2 to 262144; converted to a weight on v2
 * @param memoryBytes RAM, page cache included
 * @param memorySwapBytes RAM and swap together; not given while memoryBytes is: as much, so no swap
 * @param pids tasks at a time
 * @param cpus list of CPUs in the format of cpuset(7)
 * @param mems list of NUMA nodes, likewise
 * @param hugepageBytes bytes by page size as the kernel names it, such as {@code 2MB}
 * @param unified v2 files written verbatim, by name
 * @param devices device rules in order, over "nothing is allowed"; none at all leaves every device
 *     to the file system's permissions
 */
public record Limits(
    long cpuPeriodMicros,
    long cpuQuotaMicros,
    long cpuShares,
    long memoryBytes,
    long memorySwapBytes,
    long pids,
    String cpus,
    String mems,
    Map<String, Long> hugepageBytes,
    Map<String, String> unified,
    List<DeviceRule> devices) {
  /** No limit at all. */
  public static final Limits NONE =
      new Limits(0, 0, 0, 0, 0, 0, "", "", Map.of(), Map.of(), List.of());

  public Limits {
    hugepageBytes = Map.copyOf(hugepageBytes);
    unified = Map.copyOf(unified);
    devices = List.copyOf(devices);
  }

  /** The limits a request asks for. It knows no device rules. */
  public static Limits of(Resources r) {
    return new Limits(
        r.cpuPeriod(),
        r.cpuQuota(),
        r.cpuShares(),
        r.memoryLimit(),
        r.memorySwapLimit(),
        r.pids(),
        r.cpusetCpus(),
        r.cpusetMems(),
        r.hugepageLimits(),
        r.unified(),
        List.of());
  }

  /** Whether any of them is of huge pages. */
  boolean concernHugepages() {
    return !hugepageBytes.isEmpty()
        || unified.keySet().stream().anyMatch(file -> file.startsWith("hugetlb."));
  }

  public Limits withPids(long newPids) {
    return new Limits(
        cpuPeriodMicros,
        cpuQuotaMicros,
        cpuShares,
        memoryBytes,
        memorySwapBytes,
        newPids,
        cpus,
        mems,
        hugepageBytes,
        unified,
        devices);
  }

  public Limits withDevices(List<DeviceRule> newDevices) {
    return new Limits(
        cpuPeriodMicros,
        cpuQuotaMicros,
        cpuShares,
        memoryBytes,
        memorySwapBytes,
        pids,
        cpus,
        mems,
        hugepageBytes,
        unified,
        newDevices);
  }

  /** Those limits alone that these controllers enforce; what is written verbatim stays. */
  Limits only(Set<Controller> controllers) {
    boolean cpu = controllers.contains(Controller.CPU);
    boolean cpuset = controllers.contains(Controller.CPUSET);
    boolean memory = controllers.contains(Controller.MEMORY);
    return new Limits(
        cpu ? cpuPeriodMicros : 0,
        cpu ? cpuQuotaMicros : 0,
        cpu ? cpuShares : 0,
        memory ? memoryBytes : 0,
        memory ? memorySwapBytes : 0,
        controllers.contains(Controller.PIDS) ? pids : 0,
        cpuset ? cpus : "",
        cpuset ? mems : "",
        controllers.contains(Controller.HUGETLB) ? hugepageBytes : Map.of(),
        unified,
        controllers.contains(Controller.DEVICES) ? devices : List.of());
  }

  Limits withoutUnified() {
    return new Limits(
        cpuPeriodMicros,
        cpuQuotaMicros,
        cpuShares,
        memoryBytes,
        memorySwapBytes,
        pids,
        cpus,
        mems,
        hugepageBytes,
        Map.of(),
        devices);
  }

  /**
   * RAM and swap together as the kernel is to be told: what was asked for, or with only RAM limited
   * the same amount, so that a container does not swap unless somebody says so.
   *
   * @return 0 to leave it, negative for no limit
   */
  long effectiveMemorySwapBytes() {
    return memorySwapBytes != 0 ? memorySwapBytes : memoryBytes;
  }
}
