package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.HugepageLimit;
import dev.hearth.proto.nri.v1alpha1.LinuxCPU;
import dev.hearth.proto.nri.v1alpha1.LinuxMemory;
import dev.hearth.proto.nri.v1alpha1.LinuxPids;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import dev.hearth.proto.nri.v1alpha1.OptionalInt64;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt64;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Limits in Hearth's words and in the plugins'. */
final class Limiting {
  private Limiting() {}

  /** Limits as plugins are shown them: what is not given is absent. */
  static LinuxResources shown(Resources limits) {
    LinuxMemory.Builder memory = LinuxMemory.newBuilder();
    if (limits.memoryLimit() != 0) {
      memory.setLimit(signed(limits.memoryLimit()));
    }
    if (limits.memorySwapLimit() != 0) {
      memory.setSwap(signed(limits.memorySwapLimit()));
    }
    LinuxCPU.Builder cpu =
        LinuxCPU.newBuilder().setCpus(limits.cpusetCpus()).setMems(limits.cpusetMems());
    if (limits.cpuShares() != 0) {
      cpu.setShares(unsigned(limits.cpuShares()));
    }
    if (limits.cpuQuota() != 0) {
      cpu.setQuota(signed(limits.cpuQuota()));
    }
    if (limits.cpuPeriod() != 0) {
      cpu.setPeriod(unsigned(limits.cpuPeriod()));
    }
    LinuxResources.Builder shown =
        LinuxResources.newBuilder().setMemory(memory).setCpu(cpu).putAllUnified(limits.unified());
    new TreeMap<>(limits.hugepageLimits())
        .forEach((size, bytes) ->
            shown.addHugepageLimits(HugepageLimit.newBuilder().setPageSize(size).setLimit(bytes)));
    if (limits.pids() != 0) {
      shown.setPids(LinuxPids.newBuilder().setLimit(limits.pids()));
    }
    return shown.build();
  }

  private static OptionalInt64 signed(long value) {
    return OptionalInt64.newBuilder().setValue(value).build();
  }

  private static OptionalUInt64 unsigned(long value) {
    return OptionalUInt64.newBuilder().setValue(value).build();
  }

  /**
   * A change that a plugin wants.
   *
   * @param who wants it and of what, for messages
   * @throws HearthException.Unsupported for what Hearth does not limit
   */
  static Resources wanted(LinuxResources change, String who) {
    List<String> unsupported = unsupported(change);
    if (!unsupported.isEmpty()) {
      throw new HearthException.Unsupported(
          who + " asks for limits that Hearth does not set: " + String.join(", ", unsupported));
    }
    Map<String, Long> hugepages = new HashMap<>();
    change
        .getHugepageLimitsList()
        .forEach(limit -> hugepages.put(limit.getPageSize(), limit.getLimit()));
    LinuxMemory memory = change.getMemory();
    LinuxCPU cpu = change.getCpu();
    return new Resources(
        cpu.getPeriod().getValue(),
        cpu.getQuota().getValue(),
        cpu.getShares().getValue(),
        memory.getLimit().getValue(),
        memory.getSwap().getValue(),
        0,
        cpu.getCpus(),
        cpu.getMems(),
        hugepages,
        change.getUnifiedMap(),
        change.getPids().getLimit());
  }

  private static List<String> unsupported(LinuxResources change) {
    Map<String, Boolean> asked = new TreeMap<>();
    LinuxMemory memory = change.getMemory();
    asked.put("memory.reservation", memory.hasReservation());
    asked.put("memory.kernel", memory.hasKernel());
    asked.put("memory.kernel_tcp", memory.hasKernelTcp());
    asked.put("memory.swappiness", memory.hasSwappiness());
    asked.put("memory.disable_oom_killer", memory.hasDisableOomKiller());
    asked.put("memory.use_hierarchy", memory.hasUseHierarchy());
    asked.put("cpu.realtime_runtime", change.getCpu().hasRealtimeRuntime());
    asked.put("cpu.realtime_period", change.getCpu().hasRealtimePeriod());
    asked.put("blockio_class", change.hasBlockioClass());
    asked.put("rdt_class", change.hasRdtClass());
    asked.put("devices", change.getDevicesCount() > 0);
    List<String> names = new ArrayList<>();
    asked.forEach((name, is) -> {
      if (is) {
        names.add(name);
      }
    });
    return names;
  }
}
