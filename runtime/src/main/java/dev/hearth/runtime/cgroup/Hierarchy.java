package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.Set;

/**
 * One mounted tree of control groups.
 *
 * @param root its mount point
 * @param controllers what it controls; on v2 what the root offers, perhaps nothing
 */
public record Hierarchy(Version version, Path root, Set<Controller> controllers) {
  public enum Version {
    V1,
    V2
  }

  public Hierarchy {
    controllers = Set.copyOf(controllers);
  }

  boolean isV2() {
    return version == Version.V2;
  }

  boolean has(Controller controller) {
    return controllers.contains(controller);
  }

  /** The folder of a group in this hierarchy. */
  Path folder(CgroupPath group) {
    return root.resolve(group.relative());
  }
}
