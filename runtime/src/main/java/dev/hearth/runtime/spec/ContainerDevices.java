package dev.hearth.runtime.spec;

import static dev.hearth.runtime.spec.DeviceAccess.ANY;

import dev.hearth.linux.Propagation;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.DeviceSpec;
import dev.hearth.runtime.model.GivenDevice;
import dev.hearth.shim.ContainerLink;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.DeviceNode;
import dev.hearth.shim.MountChange;
import dev.hearth.shim.MountSource.Bind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The devices of one container: its nodes, and which of them its control group lets it use. */
final class ContainerDevices {
  private static final int EVERYBODY = 0666;
  private static final int TYPE = 0xF000;
  private static final int BLOCK = 0x6000;
  private static final int CHARACTER = 0x2000;
  private static final String FULL = "rwm";

  /** The six every program may rely on (OCI Runtime Specification 1.2, "Default Devices"). */
  private static final List<DeviceNode> DEFAULTS =
      List.of(
          DeviceNode.character("/dev/null", EVERYBODY, 1, 3),
          DeviceNode.character("/dev/zero", EVERYBODY, 1, 5),
          DeviceNode.character("/dev/full", EVERYBODY, 1, 7),
          DeviceNode.character("/dev/random", EVERYBODY, 1, 8),
          DeviceNode.character("/dev/urandom", EVERYBODY, 1, 9),
          DeviceNode.character("/dev/tty", EVERYBODY, 5, 0));

  private static final List<ContainerLink> LINKS =
      List.of(
          new ContainerLink("/dev/ptmx", "pts/ptmx"),
          new ContainerLink("/dev/fd", "/proc/self/fd"),
          new ContainerLink("/dev/stdin", "/proc/self/fd/0"),
          new ContainerLink("/dev/stdout", "/proc/self/fd/1"),
          new ContainerLink("/dev/stderr", "/proc/self/fd/2"),
          new ContainerLink("/dev/core", "/proc/kcore"));

  private final ContainerMounts mounts;
  private final Map<String, DeviceNode> nodes = new LinkedHashMap<>();

  /** Where each node is on the host. */
  private final Map<String, Path> origins = new HashMap<>();

  private final List<DeviceAccess> access = new ArrayList<>();

  ContainerDevices(ContainerSpec spec, ContainerMounts mounts, HostView host) {
    this.mounts = mounts;
    DEFAULTS.forEach(this::addSame);
    if (spec.security().privileged()) {
      host.allDevices().forEach(this::addSame);
      access.add(DeviceAccess.ALL);
    } else {
      defaultAccess();
    }
    for (DeviceSpec device : spec.devices()) {
      requested(device, host);
    }
  }

  /** Nodes may be made of any device, but used only as said. */
  private void defaultAccess() {
    access.add(new DeviceAccess('c', ANY, ANY, "m"));
    access.add(new DeviceAccess('b', ANY, ANY, "m"));
    DEFAULTS.forEach(node -> access.add(access(node, FULL)));
    // The console, the multiplexer of terminals, and terminals.
    access.add(new DeviceAccess('c', 5, 1, FULL));
    access.add(new DeviceAccess('c', 5, 2, FULL));
    access.add(new DeviceAccess('c', 136, ANY, FULL));
  }

  /** One device, or a folder of them that keeps its shape. */
  private void requested(DeviceSpec device, HostView host) {
    String permissions = device.permissions().isEmpty() ? FULL : device.permissions();
    Path from = Path.of(device.hostPath());
    for (DeviceNode node : host.devices(from)) {
      String inside = from.relativize(Path.of(node.path())).toString();
      String path =
          ContainerPath.clean(
              inside.isEmpty() ? device.containerPath() : device.containerPath() + "/" + inside);
      add(
          new DeviceNode(path, node.mode(), node.major(), node.minor(), node.uid(), node.gid()),
          Path.of(node.path()));
      access.add(access(node, permissions));
    }
  }

  /** The node's own multiplexer of terminals would reach the node's terminals. */
  private void add(DeviceNode node, Path origin) {
    boolean linked = LINKS.stream().anyMatch(link -> link.path().equals(node.path()));
    if (!linked && !mounts.covered(node.path())) {
      nodes.put(node.path(), node);
      origins.put(node.path(), origin);
    }
  }

  private void addSame(DeviceNode node) {
    add(node, Path.of(node.path()));
  }

  /** Adds a device by its numbers, in place of one of that name. */
  void give(GivenDevice device) {
    DeviceNode node =
        new DeviceNode(
            ContainerPath.clean(device.path()),
            (device.block() ? BLOCK : CHARACTER) | device.permissions(),
            device.major(),
            device.minor(),
            (int) device.uid(),
            (int) device.gid());
    nodes.put(node.path(), node);
    origins.put(node.path(), Path.of(device.hostPath()));
    if (!device.access().isEmpty()) {
      access.add(access(node, device.access()));
    }
  }

  private static DeviceAccess access(DeviceNode node, String permissions) {
    return new DeviceAccess(isBlock(node) ? 'b' : 'c', node.major(), node.minor(), permissions);
  }

  static boolean isBlock(DeviceNode node) {
    return (node.mode() & TYPE) == BLOCK;
  }

  List<DeviceNode> nodes() {
    return List.copyOf(nodes.values());
  }

  List<DeviceAccess> access() {
    return access;
  }

  /** Links to what /proc knows better. */
  List<ContainerLink> links() {
    return LINKS.stream().filter(link -> !mounts.covered(link.path())).toList();
  }

  /** The same nodes by binding the host's, where a user namespace forbids to make any. */
  List<ContainerMount> asMounts() {
    return nodes.values().stream()
        .map(node ->
            new ContainerMount(
                new Bind(origins.getOrDefault(node.path(), Path.of(node.path())), false),
                node.path(),
                true,
                List.of(MountChange.propagating(false, Propagation.PRIVATE))))
        .toList();
  }
}
