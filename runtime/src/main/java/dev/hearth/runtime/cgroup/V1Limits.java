package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.util.TreeMap;

/** Limits in v1's files (the kernel's admin-guide/cgroup-v1). */
final class V1Limits implements LimitFiles {
  private final Layout layout;
  private final Warnings warnings;

  V1Limits(Layout layout, Warnings warnings) {
    this.layout = layout;
    this.warnings = warnings;
  }

  @Override
  public void apply(Limits limits, LimitWriter out) throws CgroupException {
    if (!limits.unified().isEmpty()) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "cgroup " + out.group() + ": unified settings need cgroup v2, and this host runs v1");
    }
    cpuset(limits, out);
    cpu(limits, out);
    memory(limits, out);
    if (limits.pids() != 0) {
      out.put(
          folder(Controller.PIDS, "tasks", out).resolve("pids.max"),
          Conversions.orMax(limits.pids()));
    }
    hugepages(limits, out);
    devices(limits, out);
  }

  private void cpuset(Limits limits, LimitWriter out) throws CgroupException {
    if (!limits.cpus().isEmpty()) {
      out.put(folder(Controller.CPUSET, "CPUs", out).resolve("cpuset.cpus"), limits.cpus());
    }
    if (!limits.mems().isEmpty()) {
      out.put(folder(Controller.CPUSET, "NUMA nodes", out).resolve("cpuset.mems"), limits.mems());
    }
  }

  private void cpu(Limits limits, LimitWriter out) throws CgroupException {
    if (limits.cpuShares() == 0 && limits.cpuPeriodMicros() == 0 && limits.cpuQuotaMicros() == 0) {
      return;
    }
    Path folder = folder(Controller.CPU, "CPU time", out);
    if (limits.cpuShares() != 0) {
      out.put(folder.resolve("cpu.shares"), Long.toString(limits.cpuShares()));
    }
    String period = Long.toString(limits.cpuPeriodMicros());
    String quota = Long.toString(Math.max(limits.cpuQuotaMicros(), -1));
    Path periodFile = folder.resolve("cpu.cfs_period_us");
    Path quotaFile = folder.resolve("cpu.cfs_quota_us");
    if (limits.cpuPeriodMicros() == 0) {
      if (limits.cpuQuotaMicros() != 0) {
        out.put(quotaFile, quota);
      }
      return;
    }
    try {
      out.put(periodFile, period);
    } catch (CgroupException e) {
      // The kernel refuses a share of CPU time above the parent's, and judges each write alone:
      // the new period with the old quota may be too much where both together are not.
      if (!e.is(Reason.INVALID) || limits.cpuQuotaMicros() == 0) {
        throw e;
      }
      out.put(quotaFile, quota);
      out.put(periodFile, period);
      return;
    }
    if (limits.cpuQuotaMicros() != 0) {
      out.put(quotaFile, quota);
    }
  }

  /**
   * The kernel keeps memsw >= memory at every moment, so a group that grows needs memsw written
   * first and one that shrinks needs it last.
   */
  private void memory(Limits limits, LimitWriter out) throws CgroupException {
    long memory = limits.memoryBytes();
    long both = limits.effectiveMemorySwapBytes();
    if (memory == 0 && both == 0) {
      return;
    }
    Path folder = folder(Controller.MEMORY, "memory", out);
    Path memoryFile = folder.resolve("memory.limit_in_bytes");
    Path bothFile = folder.resolve("memory.memsw.limit_in_bytes");
    if (both != 0 && !out.has(bothFile)) {
      noSwapAccounting(limits, out);
      both = 0;
    }
    if (memory != 0 && both != 0) {
      checkOrder(memory, both, out);
    }
    boolean grows = both < 0 || (both > 0 && !out.fresh() && both > limitNow(bothFile, out));
    if (grows) {
      out.put(bothFile, bytes(both));
    }
    if (memory != 0) {
      putMemory(memoryFile, memory, folder, out);
    }
    if (both != 0 && !grows) {
      putMemory(bothFile, both, folder, out);
    }
  }

  private static void checkOrder(long memory, long both, LimitWriter out) throws CgroupException {
    try {
      Conversions.swapAlone(memory, both);
    } catch (IllegalArgumentException e) {
      throw new CgroupException(Reason.INVALID, "cgroup " + out.group() + ": " + e.getMessage(), e);
    }
  }

  private void noSwapAccounting(Limits limits, LimitWriter out) throws CgroupException {
    boolean swapWanted = limits.memorySwapBytes() > limits.memoryBytes();
    if (swapWanted) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "cgroup "
              + out.group()
              + ": swap cannot be limited without swap accounting: boot with swapaccount=1");
    }
    if (limits.memorySwapBytes() >= 0) {
      warnings.once("this host has no swap accounting: containers under a memory limit may swap");
    }
  }

  private static void putMemory(Path file, long limit, Path folder, LimitWriter out)
      throws CgroupException {
    try {
      out.put(file, bytes(limit));
    } catch (CgroupException e) {
      if (!e.is(Reason.BUSY)) {
        throw e;
      }
      throw new CgroupException(
          Reason.BUSY,
          "cgroup "
              + out.group()
              + " uses "
              + out.read(folder.resolve("memory.usage_in_bytes"))
              + " bytes of memory and cannot shrink to "
              + limit,
          e);
    }
  }

  private static long limitNow(Path file, LimitWriter out) throws CgroupException {
    return Conversions.parse(file, out.read(file));
  }

  private static String bytes(long limit) {
    return limit < 0 ? "-1" : Long.toString(limit);
  }

  /** The kubelet sends a limit for every page size with every container, mostly zero. */
  private void hugepages(Limits limits, LimitWriter out) throws CgroupException {
    for (var entry : new TreeMap<>(limits.hugepageBytes()).entrySet()) {
      var hierarchy = layout.of(Controller.HUGETLB);
      Path file =
          hierarchy
              .map(h -> h.folder(out.group()))
              .map(f -> f.resolve("hugetlb." + entry.getKey() + ".limit_in_bytes"))
              .filter(out::has)
              .orElse(null);
      if (file != null) {
        out.put(file, Long.toString(entry.getValue()));
      } else if (entry.getValue() > 0) {
        warnings.once("this host cannot limit huge pages of " + entry.getKey());
      }
    }
  }

  private void devices(Limits limits, LimitWriter out) throws CgroupException {
    if (limits.devices().isEmpty()) {
      return;
    }
    Path folder = folder(Controller.DEVICES, "devices", out);
    out.order(folder.resolve("devices.deny"), "a");
    for (DeviceRule rule : limits.devices()) {
      out.order(folder.resolve(rule.allow() ? "devices.allow" : "devices.deny"), rule.v1());
    }
  }

  private Path folder(Controller controller, String what, LimitWriter out) throws CgroupException {
    return layout
        .of(controller)
        .map(h -> h.folder(out.group()))
        .orElseThrow(() ->
            new CgroupException(
                Reason.UNSUPPORTED,
                "cannot limit the "
                    + what
                    + " of cgroup "
                    + out.group()
                    + ": this host has no "
                    + controller.v1()
                    + " controller"));
  }
}
