package dev.hearth.runtime.nri;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.hearth.proto.nri.v1alpha1.Field;
import dev.hearth.proto.nri.v1alpha1.HugepageLimit;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import java.util.Map;

/**
 * Lays one plugin's limits over those before, and claims each for it.
 *
 * @param owners who wants what
 * @param container whose limits they are
 * @param plugin whose wishes they are
 */
record ResourceMerge(Owners owners, String container, PluginName plugin) {
  private static final Map<String, Field> MEMORY =
      Map.of(
          "limit", Field.MemLimit,
          "reservation", Field.MemReservation,
          "swap", Field.MemSwapLimit,
          "kernel", Field.MemKernelLimit,
          "kernel_tcp", Field.MemTCPLimit,
          "swappiness", Field.MemSwappiness,
          "disable_oom_killer", Field.MemDisableOomKiller,
          "use_hierarchy", Field.MemUseHierarchy);

  private static final Map<String, Field> CPU =
      Map.of(
          "shares", Field.CPUShares,
          "quota", Field.CPUQuota,
          "period", Field.CPUPeriod,
          "realtime_runtime", Field.CPURealtimeRuntime,
          "realtime_period", Field.CPURealtimePeriod,
          "cpus", Field.CPUSetCPUs,
          "mems", Field.CPUSetMems);

  private static final Map<String, Field> CLASSES =
      Map.of(
          "blockio_class", Field.BlockioClass,
          "rdt_class", Field.RdtClass,
          "pids", Field.PidsLimit);

  /**
   * @throws dev.hearth.runtime.model.HearthException.WrongState if another plugin wants one of them
   *     otherwise
   */
  void lay(LinuxResources wanted, LinuxResources.Builder over) {
    lay(wanted.getMemory(), over.getMemoryBuilder(), MEMORY);
    lay(wanted.getCpu(), over.getCpuBuilder(), CPU);
    lay(wanted, over, CLASSES);
    for (HugepageLimit limit : wanted.getHugepageLimitsList()) {
      owners.claim(container, Field.HugepageLimits, limit.getPageSize(), plugin);
      for (int i = over.getHugepageLimitsCount() - 1; i >= 0; i--) {
        if (over.getHugepageLimits(i).getPageSize().equals(limit.getPageSize())) {
          over.removeHugepageLimits(i);
        }
      }
      over.addHugepageLimits(limit);
    }
    wanted
        .getUnifiedMap()
        .forEach((file, value) -> {
          owners.claim(container, Field.CgroupsUnified, file, plugin);
          over.putUnified(file, value);
        });
    over.addAllDevices(wanted.getDevicesList());
  }

  private void lay(Message wanted, Message.Builder over, Map<String, Field> fields) {
    for (Map.Entry<FieldDescriptor, Object> entry : wanted.getAllFields().entrySet()) {
      Field field = fields.get(entry.getKey().getName());
      if (field != null) {
        owners.claim(container, field, "", plugin);
        over.setField(entry.getKey(), entry.getValue());
      }
    }
  }
}
