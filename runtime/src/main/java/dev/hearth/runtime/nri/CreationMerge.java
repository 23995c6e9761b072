package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.CDIDevice;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.Field;
import dev.hearth.proto.nri.v1alpha1.Hooks;
import dev.hearth.proto.nri.v1alpha1.KeyValue;
import dev.hearth.proto.nri.v1alpha1.LinuxContainer;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.LinuxDevice;
import dev.hearth.proto.nri.v1alpha1.LinuxNamespace;
import dev.hearth.proto.nri.v1alpha1.LinuxNetDevice;
import dev.hearth.proto.nri.v1alpha1.LinuxRdt;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.proto.nri.v1alpha1.POSIXRlimit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What plugins, one after the other, make of a container that is being created: the sum of their
 * wishes, and the container as the next of them is shown it. Confined to one thread.
 */
final class CreationMerge {
  private final Container pristine;
  private final Owners owners;
  private final Container.Builder shown;
  private final ContainerAdjustment.Builder wishes = ContainerAdjustment.newBuilder();

  CreationMerge(Container pristine, Owners owners) {
    this.pristine = pristine;
    this.owners = owners;
    this.shown = pristine.toBuilder();
  }

  /** The container as it was before any plugin changed it. */
  Container pristine() {
    return pristine;
  }

  /** The container with every change so far. */
  Container shown() {
    return shown.build();
  }

  ContainerAdjustment wishes() {
    return wishes.build();
  }

  /**
   * Adds one plugin's wishes.
   *
   * @throws dev.hearth.runtime.model.HearthException.WrongState if one before it wants otherwise
   */
  void add(PluginName plugin, ContainerAdjustment wanted) {
    EntryMerge entries = new EntryMerge(owners, pristine.getId(), plugin);
    addAnnotations(entries, wanted.getAnnotationsMap());
    addMounts(entries, wanted.getMountsList());
    addVariables(entries, wanted.getEnvList());
    addArguments(plugin, wanted.getArgsList());
    addHooks(plugin, wanted.getHooks());
    for (POSIXRlimit limit : wanted.getRlimitsList()) {
      owners.claim(pristine.getId(), Field.Rlimits, limit.getType(), plugin);
      wishes.addRlimits(limit);
      shown.addRlimits(limit);
    }
    for (CDIDevice device : wanted.getCDIDevicesList()) {
      owners.claim(pristine.getId(), Field.CdiDevices, device.getName(), plugin);
      wishes.addCDIDevices(device);
      shown.addCDIDevices(device);
    }
    if (wanted.hasLinux()) {
      addLinux(entries, wanted.getLinux());
    }
  }

  private void addAnnotations(EntryMerge entries, Map<String, String> wanted) {
    Map<String, String> merged = entries.lay(Field.Annotations, wanted, wishes.getAnnotationsMap());
    wishes.clearAnnotations().putAllAnnotations(merged);
    Map<String, String> granted = EntryMerge.granted(shown.getAnnotationsMap(), wanted);
    shown.clearAnnotations().putAllAnnotations(granted);
  }

  private void addMounts(EntryMerge entries, List<Mount> wanted) {
    List<Mount> merged =
        entries.lay(Field.Mounts, wanted, wishes.getMountsList(), Mount::getDestination);
    wishes.clearMounts().addAllMounts(merged);
    List<Mount> granted = EntryMerge.granted(shown.getMountsList(), wanted, Mount::getDestination);
    shown.clearMounts().addAllMounts(granted);
  }

  private void addVariables(EntryMerge entries, List<KeyValue> wanted) {
    List<KeyValue> merged = entries.lay(Field.Env, wanted, wishes.getEnvList(), KeyValue::getKey);
    wishes.clearEnv().addAllEnv(merged);
    List<String> texts =
        wanted.stream().map(variable -> variable.getKey() + "=" + variable.getValue()).toList();
    List<String> granted =
        EntryMerge.granted(List.copyOf(shown.getEnvList()), texts, CreationMerge::name);
    shown.clearEnv().addAllEnv(granted);
  }

  private static String name(String variable) {
    int equals = variable.indexOf('=');
    return equals < 0 ? variable : variable.substring(0, equals);
  }

  private void addArguments(PluginName plugin, List<String> wanted) {
    if (wanted.isEmpty()) {
      return;
    }
    List<String> args = wanted;
    if (wanted.getFirst().isEmpty()) {
      owners.clear(pristine.getId(), Field.Args, "");
      args = wanted.subList(1, wanted.size());
    }
    owners.claim(pristine.getId(), Field.Args, "", plugin);
    wishes.clearArgs().addAllArgs(args);
    shown.clearArgs().addAllArgs(args);
  }

  private void addHooks(PluginName plugin, Hooks wanted) {
    if (wanted.equals(Hooks.getDefaultInstance())) {
      return;
    }
    owners.share(pristine.getId(), Field.OciHooks, plugin);
    wishes.getHooksBuilder().mergeFrom(wanted);
    shown.getHooksBuilder().mergeFrom(wanted);
  }

  private void addLinux(EntryMerge entries, LinuxContainerAdjustment wanted) {
    LinuxContainerAdjustment.Builder linux = wishes.getLinuxBuilder();
    LinuxContainer.Builder there = shown.getLinuxBuilder();
    List<LinuxDevice> devices =
        entries.lay(
            Field.Devices, wanted.getDevicesList(), linux.getDevicesList(), LinuxDevice::getPath);
    linux.clearDevices().addAllDevices(devices);
    List<LinuxDevice> grantedDevices =
        EntryMerge.granted(there.getDevicesList(), wanted.getDevicesList(), LinuxDevice::getPath);
    there.clearDevices().addAllDevices(grantedDevices);
    if (wanted.hasResources()) {
      // Laid twice by one plugin: its claims stand the second time.
      ResourceMerge resources = new ResourceMerge(owners, pristine.getId(), entries.plugin());
      resources.lay(wanted.getResources(), linux.getResourcesBuilder());
      resources.lay(wanted.getResources(), there.getResourcesBuilder());
    }
    addNamespaces(entries, wanted.getNamespacesList(), linux, there);
    Map<String, String> sysctls =
        entries.lay(Field.Sysctl, wanted.getSysctlMap(), linux.getSysctlMap());
    linux.clearSysctl().putAllSysctl(sysctls);
    Map<String, String> granted = EntryMerge.granted(there.getSysctlMap(), wanted.getSysctlMap());
    there.clearSysctl().putAllSysctl(granted);
    addNetDevices(entries, wanted.getNetDevicesMap(), linux);
    addSingles(entries.plugin(), wanted, linux, there);
  }

  private void addNamespaces(
      EntryMerge entries,
      List<LinuxNamespace> wanted,
      LinuxContainerAdjustment.Builder linux,
      LinuxContainer.Builder there) {
    for (LinuxNamespace namespace : wanted) {
      owners.claim(
          pristine.getId(), Field.Namespace, Removal.key(namespace.getType()), entries.plugin());
    }
    linux.addAllNamespaces(wanted);
    List<LinuxNamespace> granted =
        EntryMerge.granted(there.getNamespacesList(), wanted, LinuxNamespace::getType);
    there.clearNamespaces().addAllNamespaces(granted);
  }

  private void addNetDevices(
      EntryMerge entries,
      Map<String, LinuxNetDevice> wanted,
      LinuxContainerAdjustment.Builder linux) {
    List<Map.Entry<String, LinuxNetDevice>> merged =
        entries.lay(
            Field.LinuxNetDevices,
            new ArrayList<>(wanted.entrySet()),
            new ArrayList<>(linux.getNetDevicesMap().entrySet()),
            Map.Entry::getKey);
    Map<String, LinuxNetDevice> all = new HashMap<>();
    merged.forEach(entry -> all.put(entry.getKey(), entry.getValue()));
    linux.clearNetDevices().putAllNetDevices(all);
  }

  private void addSingles(
      PluginName plugin,
      LinuxContainerAdjustment wanted,
      LinuxContainerAdjustment.Builder linux,
      LinuxContainer.Builder there) {
    if (!wanted.getCgroupsPath().isEmpty()) {
      claim(Field.CgroupsPath, plugin);
      linux.setCgroupsPath(wanted.getCgroupsPath());
      there.setCgroupsPath(wanted.getCgroupsPath());
    }
    if (wanted.hasOomScoreAdj()) {
      claim(Field.OomScoreAdj, plugin);
      linux.setOomScoreAdj(wanted.getOomScoreAdj());
      there.setOomScoreAdj(wanted.getOomScoreAdj());
    }
    if (wanted.hasIoPriority()) {
      claim(Field.IoPriority, plugin);
      linux.setIoPriority(wanted.getIoPriority());
      there.setIoPriority(wanted.getIoPriority());
    }
    if (wanted.hasSeccompPolicy()) {
      claim(Field.SeccompPolicy, plugin);
      linux.setSeccompPolicy(wanted.getSeccompPolicy());
      there.setSeccompPolicy(wanted.getSeccompPolicy());
    }
    if (wanted.hasScheduler()) {
      claim(Field.LinuxSched, plugin);
      linux.setScheduler(wanted.getScheduler());
      there.setScheduler(wanted.getScheduler());
    }
    if (wanted.hasMemoryPolicy()) {
      claim(Field.MemoryPolicy, plugin);
      linux.setMemoryPolicy(wanted.getMemoryPolicy());
    }
    if (wanted.hasRdt()) {
      addRdt(plugin, wanted.getRdt(), linux.getRdtBuilder());
    }
  }

  private void addRdt(PluginName plugin, LinuxRdt wanted, LinuxRdt.Builder rdt) {
    if (wanted.getRemove()) {
      for (Field field : List.of(Field.RdtClosID, Field.RdtSchemata, Field.RdtEnableMonitoring)) {
        owners.clear(pristine.getId(), field, "");
      }
      rdt.clear();
    }
    if (wanted.hasClosId()) {
      claim(Field.RdtClosID, plugin);
    }
    if (wanted.hasSchemata()) {
      claim(Field.RdtSchemata, plugin);
    }
    if (wanted.hasEnableMonitoring()) {
      claim(Field.RdtEnableMonitoring, plugin);
    }
    rdt.mergeFrom(wanted);
  }

  private void claim(Field field, PluginName plugin) {
    owners.claim(pristine.getId(), field, "", plugin);
  }
}
