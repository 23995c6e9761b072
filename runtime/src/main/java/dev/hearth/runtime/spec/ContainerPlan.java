package dev.hearth.runtime.spec;

import dev.hearth.shim.Body;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.FileTree;
import dev.hearth.shim.LaunchPlan;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.NamespaceSetup;
import dev.hearth.shim.ProcessSetup;
import dev.hearth.shim.Stdio;
import dev.hearth.shim.Supervision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A container, compiled.
 *
 * @param devices what its control group is to allow
 * @param boundPaths paths of the host that the request binds; a folder is made where one is
 *     missing, as the peers do, before the start
 */
public record ContainerPlan(
    NamespaceSetup namespaces,
    FileTree files,
    ProcessSetup process,
    Stdio stdio,
    List<DeviceAccess> devices,
    List<Path> boundPaths) {
  public ContainerPlan {
    devices = List.copyOf(devices);
    boundPaths = List.copyOf(boundPaths);
  }

  /**
   * The plan the shim carries out.
   *
   * @param restored how processes are brought back, in place of the container's program
   */
  public LaunchPlan launch(
      Supervision supervision, CgroupJoins cgroups, Optional<Body.Restored> restored) {
    return new LaunchPlan(
        supervision,
        stdio,
        cgroups,
        namespaces,
        files,
        restored.map(process::withBody).orElse(process));
  }

  /**
   * Where file systems are mounted that the container has to itself: their content goes with it. A
   * cgroup file system shows the node's.
   */
  public Set<String> ownMounts() {
    return files.mounts().stream()
        .filter(mount ->
            mount.source() instanceof MountSource.FileSystem own && !own.type().equals("cgroup2"))
        .map(ContainerMount::target)
        .collect(Collectors.toUnmodifiableSet());
  }
}
