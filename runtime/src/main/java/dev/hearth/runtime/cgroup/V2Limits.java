package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Limits in v2's files (the kernel's admin-guide/cgroup-v2.rst). */
final class V2Limits implements LimitFiles {
  private static final Pattern FILE = Pattern.compile("[a-z][a-z0-9_]*(\\.[A-Za-z0-9_-]+)+");

  private final Hierarchy hierarchy;
  private final Warnings warnings;
  private final DeviceGate devices;

  V2Limits(Hierarchy hierarchy, Warnings warnings, DeviceGate devices) {
    this.hierarchy = hierarchy;
    this.warnings = warnings;
    this.devices = devices;
  }

  @Override
  public void apply(Limits limits, LimitWriter out) throws CgroupException {
    Path folder = hierarchy.folder(out.group());
    if (!limits.cpus().isEmpty()) {
      out.put(folder.resolve("cpuset.cpus"), limits.cpus());
    }
    if (!limits.mems().isEmpty()) {
      out.put(folder.resolve("cpuset.mems"), limits.mems());
    }
    cpu(limits, folder, out);
    memory(limits, folder, out);
    if (limits.pids() != 0) {
      out.put(folder.resolve("pids.max"), Conversions.orMax(limits.pids()));
    }
    hugepages(limits, folder, out);
    unified(limits.unified(), folder, out);
    if (!limits.devices().isEmpty()) {
      devices.restrict(folder, limits.devices());
    }
  }

  private static void cpu(Limits limits, Path folder, LimitWriter out) throws CgroupException {
    if (limits.cpuShares() != 0) {
      String weight = Long.toString(Conversions.weight(limits.cpuShares()));
      out.put(folder.resolve("cpu.weight"), weight);
    }
    if (limits.cpuQuotaMicros() == 0 && limits.cpuPeriodMicros() == 0) {
      return;
    }
    Path file = folder.resolve("cpu.max");
    String[] now = out.has(file) ? out.read(file).split(" ", -1) : new String[] {};
    if (now.length != 2) {
      now = new String[] {Conversions.MAX, "100000"};
    }
    String quota =
        limits.cpuQuotaMicros() == 0 ? now[0] : Conversions.orMax(limits.cpuQuotaMicros());
    String period =
        limits.cpuPeriodMicros() == 0 ? now[1] : Long.toString(limits.cpuPeriodMicros());
    out.put(file, quota + " " + period);
  }

  private void memory(Limits limits, Path folder, LimitWriter out) throws CgroupException {
    long both = limits.effectiveMemorySwapBytes();
    if (limits.memoryBytes() == 0 && both == 0) {
      return;
    }
    Path memoryFile = folder.resolve("memory.max");
    long memory = limits.memoryBytes();
    if (memory == 0) {
      long now = Conversions.parse(memoryFile, out.read(memoryFile));
      memory = now == Long.MAX_VALUE ? -1 : now;
    }
    long swap;
    try {
      swap = Conversions.swapAlone(memory, both);
    } catch (IllegalArgumentException e) {
      throw new CgroupException(Reason.INVALID, "cgroup " + out.group() + ": " + e.getMessage(), e);
    }
    if (limits.memoryBytes() != 0) {
      if (memory > 0 && !out.fresh()) {
        makeRoom(memory, folder, out);
      }
      out.put(memoryFile, Conversions.orMax(memory));
    }
    swap(swap, folder, out);
  }

  /**
   * memory.max below what is in use kills; v1 would have reclaimed, or refused with EBUSY. So do
   * that here.
   */
  private static void makeRoom(long limit, Path folder, LimitWriter out) throws CgroupException {
    Path usage = folder.resolve("memory.current");
    long over = Conversions.parse(usage, out.read(usage)) - limit;
    if (over <= 0) {
      return;
    }
    Path reclaim = folder.resolve("memory.reclaim");
    if (out.has(reclaim)) {
      out.tryOrder(reclaim, Long.toString(over));
    }
    long used = Conversions.parse(usage, out.read(usage));
    if (used > limit) {
      throw new CgroupException(
          Reason.BUSY,
          "cgroup "
              + out.group()
              + " uses "
              + used
              + " bytes of memory and cannot shrink to "
              + limit);
    }
  }

  private void swap(long swap, Path folder, LimitWriter out) throws CgroupException {
    Path file = folder.resolve("memory.swap.max");
    if (out.has(file)) {
      out.put(file, Conversions.orMax(swap));
    } else if (swap > 0) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "cgroup "
              + out.group()
              + ": swap cannot be limited without swap accounting: boot with swapaccount=1");
    } else if (swap == 0) {
      warnings.once("this host has no swap accounting: containers under a memory limit may swap");
    }
  }

  private void hugepages(Limits limits, Path folder, LimitWriter out) throws CgroupException {
    for (var entry : new TreeMap<>(limits.hugepageBytes()).entrySet()) {
      Path file = folder.resolve("hugetlb." + entry.getKey() + ".max");
      if (out.has(file)) {
        out.put(file, Long.toString(entry.getValue()));
      } else if (entry.getValue() > 0) {
        warnings.once("this host cannot limit huge pages of " + entry.getKey());
      }
    }
  }

  private static void unified(Map<String, String> settings, Path folder, LimitWriter out)
      throws CgroupException {
    for (var entry : new TreeMap<>(settings).entrySet()) {
      String name = entry.getKey();
      if (!FILE.matcher(name).matches() || name.startsWith("cgroup.")) {
        throw new CgroupException(
            Reason.INVALID,
            "cgroup " + out.group() + ": unified setting " + name + " names no controller's file");
      }
      out.put(folder.resolve(name), entry.getValue());
    }
  }
}
