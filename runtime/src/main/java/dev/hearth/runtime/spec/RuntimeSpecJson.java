package dev.hearth.runtime.spec;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Propagation;
import dev.hearth.runtime.model.Resources;
import dev.hearth.shim.Body;
import dev.hearth.shim.CapabilitySets;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.DeviceNode;
import dev.hearth.shim.ExecLabel;
import dev.hearth.shim.IdMaps;
import dev.hearth.shim.MountChange;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.NamespaceSetup;
import dev.hearth.shim.ProcessSetup;
import dev.hearth.shim.Stdio;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Shows a plan in the shape of an OCI runtime configuration (OCI Runtime Specification 1.2,
 * config.md), which people and tools look for in a verbose status. It is for reading only: nothing
 * is ever run from it.
 */
public final class RuntimeSpecJson {
  private RuntimeSpecJson() {}

  /**
   * @param hostName as the container sees it
   * @param cgroup the container's group
   */
  public static JsonObject of(
      ContainerPlan plan,
      String hostName,
      String cgroup,
      Resources resources,
      Map<String, String> annotations) {
    JsonObject json = new JsonObject();
    json.addProperty("ociVersion", "1.2.0");
    json.add("process", process(plan.process(), plan.stdio() instanceof Stdio.Terminal));
    JsonObject root = new JsonObject();
    root.addProperty("path", "rootfs");
    root.addProperty("readonly", plan.files().root().readOnly());
    json.add("root", root);
    json.addProperty("hostname", hostName);
    JsonArray mounts = new JsonArray();
    plan.files().mounts().forEach(mount -> mounts.add(mount(mount)));
    json.add("mounts", mounts);
    json.add("annotations", map(annotations));
    json.add("linux", linux(plan, cgroup, resources));
    return json;
  }

  private static JsonObject process(ProcessSetup process, boolean terminal) {
    JsonObject json = new JsonObject();
    json.addProperty("terminal", terminal);
    JsonObject user = new JsonObject();
    user.addProperty("uid", Integer.toUnsignedLong(process.uid()));
    user.addProperty("gid", Integer.toUnsignedLong(process.gid()));
    JsonArray groups = new JsonArray();
    process.groups().forEach(gid -> groups.add(Integer.toUnsignedLong(gid)));
    user.add("additionalGids", groups);
    json.add("user", user);
    if (process.body() instanceof Body.Program program) {
      json.add("args", texts(program.arguments()));
      json.add("env", texts(program.environment()));
    }
    json.addProperty("cwd", process.workingDirectory());
    json.add("capabilities", capabilities(process.capabilities()));
    json.addProperty("noNewPrivileges", process.noNewPrivileges());
    process.oomScoreAdjustment().ifPresent(score -> json.addProperty("oomScoreAdj", score));
    process.label().ifPresent(label -> label(json, label));
    return json;
  }

  private static void label(JsonObject process, ExecLabel label) {
    if (label.attribute().startsWith("apparmor")) {
      process.addProperty("apparmorProfile", label.value().replaceFirst("^exec ", ""));
    } else {
      process.addProperty("selinuxLabel", label.value());
    }
  }

  private static JsonObject capabilities(CapabilitySets sets) {
    JsonObject json = new JsonObject();
    json.add("bounding", names(sets.bounding()));
    json.add("effective", names(sets.effective()));
    json.add("permitted", names(sets.permitted()));
    json.add("inheritable", names(sets.inheritable()));
    json.add("ambient", names(sets.ambient()));
    return json;
  }

  private static JsonArray names(long mask) {
    return texts(Capabilities.names(mask).stream().map(name -> "CAP_" + name).toList());
  }

  private static JsonObject mount(ContainerMount mount) {
    JsonObject json = new JsonObject();
    List<String> options = new ArrayList<>();
    json.addProperty("destination", mount.target());
    switch (mount.source()) {
      case MountSource.FileSystem fs -> {
        json.addProperty("type", fs.type());
        json.addProperty("source", fs.type());
        new TreeSet<>(fs.attributes()).forEach(attribute -> options.add(option(attribute)));
        fs.options()
            .forEach(o -> options.add(o.key() + o.value().map(value -> "=" + value).orElse("")));
      }
      case MountSource.Bind bind -> {
        json.addProperty("type", "bind");
        json.addProperty("source", bind.path().toString());
        options.add(bind.recursive() ? "rbind" : "bind");
      }
      case MountSource.Detached _ -> {
        json.addProperty("type", "bind");
        json.addProperty("source", "");
        options.add("rbind");
      }
    }
    mount.changes().forEach(change -> options(change, options));
    boolean bound = !(mount.source() instanceof MountSource.FileSystem);
    if (bound && !options.contains("ro") && !options.contains("rro")) {
      options.add("rw");
    }
    json.add("options", texts(options));
    return json;
  }

  private static void options(MountChange change, List<String> options) {
    String prefix = change.recursive() ? "r" : "";
    new TreeSet<>(change.set()).forEach(attribute -> options.add(prefix + option(attribute)));
    change.propagation().ifPresent(propagation -> options.add(prefix + propagation(propagation)));
    if (change.idMapped()) {
      options.add(prefix + "idmap");
    }
  }

  private static String option(MountAttribute attribute) {
    return switch (attribute) {
      case READ_ONLY -> "ro";
      case NO_SUID -> "nosuid";
      case NO_DEVICES -> "nodev";
      case NO_EXEC -> "noexec";
      case NO_ACCESS_TIME -> "noatime";
      case STRICT_ACCESS_TIME -> "strictatime";
      case NO_DIRECTORY_ACCESS_TIME -> "nodiratime";
      case NO_FOLLOW_LINKS -> "nosymfollow";
    };
  }

  private static String propagation(Propagation propagation) {
    return switch (propagation) {
      case UNBINDABLE -> "unbindable";
      case PRIVATE -> "private";
      case SLAVE -> "slave";
      case SHARED -> "shared";
    };
  }

  private static JsonObject linux(ContainerPlan plan, String cgroup, Resources resources) {
    JsonObject json = new JsonObject();
    json.add("namespaces", namespaces(plan.namespaces()));
    plan.namespaces()
        .idMaps()
        .ifPresent(maps -> {
          json.add("uidMappings", mappings(maps.users()));
          json.add("gidMappings", mappings(maps.groups()));
        });
    JsonArray devices = new JsonArray();
    plan.files().devices().forEach(device -> devices.add(device(device)));
    json.add("devices", devices);
    json.addProperty("cgroupsPath", cgroup);
    json.add("resources", resources(resources, plan.devices()));
    plan.process()
        .seccomp()
        .ifPresent(filter -> {
          JsonObject seccomp = new JsonObject();
          seccomp.addProperty("instructions", filter.instructions().size());
          json.add("seccomp", seccomp);
        });
    plan.files()
        .root()
        .propagation()
        .ifPresent(p -> json.addProperty("rootfsPropagation", "r" + propagation(p)));
    json.add("maskedPaths", texts(plan.files().masked()));
    json.add("readonlyPaths", texts(plan.files().readOnly()));
    return json;
  }

  private static JsonArray namespaces(NamespaceSetup setup) {
    JsonArray array = new JsonArray();
    Map<Namespace, String> all = new TreeMap<>();
    setup.created().forEach(kind -> all.put(kind, ""));
    for (Map.Entry<Namespace, Path> entry : setup.joined().entrySet()) {
      all.put(entry.getKey(), entry.getValue().toString());
    }
    all.forEach((kind, path) -> {
      JsonObject json = new JsonObject();
      json.addProperty("type", type(kind));
      if (!path.isEmpty()) {
        json.addProperty("path", path);
      }
      array.add(json);
    });
    return array;
  }

  /** A namespace's name in the OCI runtime specification, config-linux.md. */
  public static String type(Namespace kind) {
    return switch (kind) {
      case MOUNT -> "mount";
      case CGROUP -> "cgroup";
      case UTS -> "uts";
      case IPC -> "ipc";
      case USER -> "user";
      case PID -> "pid";
      case NETWORK -> "network";
      case TIME -> "time";
    };
  }

  private static JsonArray mappings(List<IdMaps.Range> ranges) {
    JsonArray array = new JsonArray();
    for (IdMaps.Range range : ranges) {
      JsonObject json = new JsonObject();
      json.addProperty("containerID", Integer.toUnsignedLong(range.inside()));
      json.addProperty("hostID", Integer.toUnsignedLong(range.outside()));
      json.addProperty("size", Integer.toUnsignedLong(range.length()));
      array.add(json);
    }
    return array;
  }

  private static JsonObject device(DeviceNode device) {
    JsonObject json = new JsonObject();
    json.addProperty("path", device.path());
    json.addProperty("type", ContainerDevices.isBlock(device) ? "b" : "c");
    json.addProperty("major", device.major());
    json.addProperty("minor", device.minor());
    json.addProperty("fileMode", device.mode() & 07777);
    json.addProperty("uid", Integer.toUnsignedLong(device.uid()));
    json.addProperty("gid", Integer.toUnsignedLong(device.gid()));
    return json;
  }

  private static JsonObject resources(Resources resources, List<DeviceAccess> devices) {
    JsonObject json = new JsonObject();
    JsonArray rules = new JsonArray();
    JsonObject none = new JsonObject();
    none.addProperty("allow", false);
    none.addProperty("access", "rwm");
    rules.add(none);
    devices.forEach(device -> rules.add(rule(device)));
    json.add("devices", rules);
    JsonObject memory = new JsonObject();
    addGiven(memory, "limit", resources.memoryLimit());
    addGiven(memory, "swap", resources.memorySwapLimit());
    json.add("memory", memory);
    JsonObject cpu = new JsonObject();
    addGiven(cpu, "shares", resources.cpuShares());
    addGiven(cpu, "quota", resources.cpuQuota());
    addGiven(cpu, "period", resources.cpuPeriod());
    addGiven(cpu, "cpus", resources.cpusetCpus());
    addGiven(cpu, "mems", resources.cpusetMems());
    json.add("cpu", cpu);
    JsonArray huge = new JsonArray();
    new TreeMap<>(resources.hugepageLimits())
        .forEach((size, limit) -> {
          JsonObject entry = new JsonObject();
          entry.addProperty("pageSize", size);
          entry.addProperty("limit", limit);
          huge.add(entry);
        });
    json.add("hugepageLimits", huge);
    json.add("unified", map(resources.unified()));
    return json;
  }

  private static JsonObject rule(DeviceAccess device) {
    JsonObject json = new JsonObject();
    json.addProperty("allow", true);
    json.addProperty("type", String.valueOf(device.kind()));
    if (device.major() != DeviceAccess.ANY) {
      json.addProperty("major", device.major());
    }
    if (device.minor() != DeviceAccess.ANY) {
      json.addProperty("minor", device.minor());
    }
    json.addProperty("access", device.access());
    return json;
  }

  private static void addGiven(JsonObject json, String name, long value) {
    if (value != 0) {
      json.addProperty(name, value);
    }
  }

  private static void addGiven(JsonObject json, String name, String value) {
    if (!value.isEmpty()) {
      json.addProperty(name, value);
    }
  }

  private static JsonObject map(Map<String, String> map) {
    JsonObject json = new JsonObject();
    new TreeMap<>(map).forEach(json::addProperty);
    return json;
  }

  private static JsonArray texts(Collection<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }
}
