package dev.hearth.runtime.nri;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.hearth.proto.nri.v1alpha1.CDIDevice;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.Field;
import dev.hearth.proto.nri.v1alpha1.Hooks;
import dev.hearth.proto.nri.v1alpha1.KeyValue;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.LinuxDevice;
import dev.hearth.proto.nri.v1alpha1.LinuxSeccomp;
import dev.hearth.proto.nri.v1alpha1.LinuxSyscall;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.runtime.container.ContainerLimits;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.DeviceSpec;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.GivenDevice;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.ProcessLimit;
import dev.hearth.runtime.model.Resources;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A container that is being created, and what plugins together wish of it. What Hearth cannot grant
 * is refused with the names of those who wish it: a container that only seems to be adjusted would
 * be worse than none.
 */
record CreatedContainer(ContainerRecord asked, ContainerAdjustment wishes, Owners owners) {
  /** Of a file's mode, what is not its type. */
  private static final int PERMISSIONS = 0xFFF;

  /** 0666. */
  private static final int EVERYBODY = 0x1B6;

  /**
   * The container as it is to be.
   *
   * @throws HearthException.Unsupported for what Hearth does not do
   * @throws HearthException.InvalidRequest for what cannot be meant
   */
  ContainerRecord granted() {
    if (wishes.equals(ContainerAdjustment.getDefaultInstance())) {
      return asked;
    }
    refuseTheImpossible();
    ContainerSpec spec = asked.spec();
    boolean otherProgram = wishes.getArgsCount() > 0;
    return asked.with(
        spec.adjusted(
            otherProgram ? wishes.getArgsList() : spec.command(),
            otherProgram ? List.of() : spec.args(),
            environment(),
            mounts(),
            devices(),
            cdiDevices(),
            resources()),
        new Adjustment(
            spec,
            EntryMerge.granted(spec.annotations(), wishes.getAnnotationsMap()),
            removedVariables(),
            limits(),
            givenDevices(),
            seccomp()));
  }

  private void refuseTheImpossible() {
    LinuxContainerAdjustment linux = wishes.getLinux();
    Map<Field, Boolean> wished = new TreeMap<>();
    wished.put(
        Field.OciHooks, wishes.hasHooks() && !wishes.getHooks().equals(Hooks.getDefaultInstance()));
    wished.put(Field.CgroupsPath, !linux.getCgroupsPath().isEmpty());
    wished.put(Field.IoPriority, linux.hasIoPriority());
    wished.put(Field.Namespace, linux.getNamespacesCount() > 0);
    wished.put(Field.Sysctl, linux.getSysctlCount() > 0);
    wished.put(Field.LinuxNetDevices, linux.getNetDevicesCount() > 0);
    wished.put(Field.LinuxSched, linux.hasScheduler());
    wished.put(Field.MemoryPolicy, linux.hasMemoryPolicy());
    wished.put(Field.RdtClosID, linux.getRdt().hasClosId());
    wished.put(Field.RdtSchemata, linux.getRdt().hasSchemata());
    wished.put(Field.RdtEnableMonitoring, linux.getRdt().hasEnableMonitoring());
    wished.forEach((field, is) -> {
      if (is) {
        throw unsupported(field, "Hearth does not adjust that");
      }
    });
  }

  private HearthException unsupported(Field field, String why) {
    return new HearthException.Unsupported(
        "plugin "
            + owners.of(asked.id().value(), field)
            + " wants to change "
            + field
            + " of container "
            + asked.id()
            + ": "
            + why);
  }

  private List<EnvironmentVariable> environment() {
    Map<String, EnvironmentVariable> all = new LinkedHashMap<>();
    asked.spec().environment().forEach(variable -> all.put(variable.key(), variable));
    wishes.getEnvList().forEach(wish -> all.remove(Removal.key(wish.getKey())));
    for (KeyValue wish : wishes.getEnvList()) {
      if (!Removal.marked(wish.getKey())) {
        all.put(wish.getKey(), new EnvironmentVariable(wish.getKey(), wish.getValue()));
      }
    }
    return List.copyOf(all.values());
  }

  private Set<String> removedVariables() {
    Set<String> removed = new HashSet<>();
    for (KeyValue wish : wishes.getEnvList()) {
      if (Removal.marked(wish.getKey())) {
        removed.add(Removal.key(wish.getKey()));
      }
    }
    return removed;
  }

  private List<MountSpec> mounts() {
    Map<String, MountSpec> all = new LinkedHashMap<>();
    asked.spec().mounts().forEach(mount -> all.put(mount.containerPath(), mount));
    for (Mount wish : wishes.getMountsList()) {
      String target = Removal.key(wish.getDestination());
      MountSpec old = all.remove(target);
      if (!Removal.marked(wish.getDestination())) {
        all.put(target, WishedMount.of(wish, owners.of(asked.id().value(), Field.Mounts)));
      } else if (old == null) {
        throw unsupported(
            Field.Mounts, "there is no mount of the request's at " + target + " to take away");
      }
    }
    return List.copyOf(all.values());
  }

  /** Those of the request that no plugin takes away or replaces. */
  private List<DeviceSpec> devices() {
    List<DeviceSpec> all = new ArrayList<>(asked.spec().devices());
    for (LinuxDevice wish : wishes.getLinux().getDevicesList()) {
      String path = Removal.key(wish.getPath());
      boolean was = all.removeIf(device -> device.containerPath().equals(path));
      if (!was && Removal.marked(wish.getPath())) {
        throw unsupported(
            Field.Devices, "there is no device of the request's at " + path + " to take away");
      }
    }
    return all;
  }

  private List<GivenDevice> givenDevices() {
    List<GivenDevice> given = new ArrayList<>();
    for (LinuxDevice wish : wishes.getLinux().getDevicesList()) {
      if (Removal.marked(wish.getPath())) {
        continue;
      }
      boolean block = wish.getType().equals("b");
      if (!block && !wish.getType().equals("c") && !wish.getType().equals("u")) {
        throw unsupported(
            Field.Devices, "a device is of type b, c or u, not '" + wish.getType() + "'");
      }
      given.add(
          new GivenDevice(
              wish.getPath(),
              wish.getPath(),
              block,
              Math.clamp(wish.getMajor(), -1, Integer.MAX_VALUE),
              Math.clamp(wish.getMinor(), -1, Integer.MAX_VALUE),
              GivenDevice.ALL_ACCESS,
              wish.hasFileMode() ? wish.getFileMode().getValue() & PERMISSIONS : EVERYBODY,
              unsigned(wish.getUid().getValue()),
              unsigned(wish.getGid().getValue())));
    }
    return given;
  }

  private List<String> cdiDevices() {
    List<String> all = new ArrayList<>(asked.spec().cdiDevices());
    for (CDIDevice wish : wishes.getCDIDevicesList()) {
      if (!all.contains(wish.getName())) {
        all.add(wish.getName());
      }
    }
    return all;
  }

  private Resources resources() {
    LinuxContainerAdjustment linux = wishes.getLinux();
    Resources wanted =
        Limiting.wanted(linux.getResources(), "a plugin, for container " + asked.id() + ",");
    Resources merged = ContainerLimits.merge(asked.spec().resources(), wanted);
    return linux.hasOomScoreAdj()
        ? merged.withOomScoreAdj(Math.toIntExact(linux.getOomScoreAdj().getValue()))
        : merged;
  }

  /** The last wish for a limit counts; plugins cannot want different ones. */
  private List<ProcessLimit> limits() {
    Map<String, ProcessLimit> limits = new HashMap<>();
    wishes
        .getRlimitsList()
        .forEach(wish ->
            limits.put(
                wish.getType(), new ProcessLimit(wish.getType(), wish.getSoft(), wish.getHard())));
    return List.copyOf(limits.values());
  }

  private Optional<String> seccomp() {
    if (!wishes.getLinux().hasSeccompPolicy()) {
      return Optional.empty();
    }
    LinuxSeccomp policy = wishes.getLinux().getSeccompPolicy();
    if (!policy.getListenerPath().isEmpty()) {
      throw unsupported(Field.SeccompPolicy, "Hearth passes no seccomp notifications on");
    }
    JsonObject json = new JsonObject();
    json.addProperty("defaultAction", policy.getDefaultAction());
    if (policy.hasDefaultErrno()) {
      json.addProperty("defaultErrnoRet", unsigned(policy.getDefaultErrno().getValue()));
    }
    json.add("architectures", texts(policy.getArchitecturesList()));
    if (policy.getFlagsCount() > 0) {
      json.add("flags", texts(policy.getFlagsList()));
    }
    JsonArray calls = new JsonArray();
    policy.getSyscallsList().forEach(call -> calls.add(syscall(call)));
    json.add("syscalls", calls);
    return Optional.of(json.toString());
  }

  private static JsonObject syscall(LinuxSyscall call) {
    JsonObject json = new JsonObject();
    json.add("names", texts(call.getNamesList()));
    json.addProperty("action", call.getAction());
    if (call.hasErrnoRet()) {
      json.addProperty("errnoRet", unsigned(call.getErrnoRet().getValue()));
    }
    JsonArray args = new JsonArray();
    call.getArgsList()
        .forEach(arg -> {
          JsonObject one = new JsonObject();
          one.addProperty("index", unsigned(arg.getIndex()));
          one.addProperty("value", new BigInteger(Long.toUnsignedString(arg.getValue())));
          one.addProperty("valueTwo", new BigInteger(Long.toUnsignedString(arg.getValueTwo())));
          one.addProperty("op", arg.getOp());
          args.add(one);
        });
    json.add("args", args);
    return json;
  }

  private static long unsigned(int value) {
    return Integer.toUnsignedLong(value);
  }

  private static JsonArray texts(List<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }
}
