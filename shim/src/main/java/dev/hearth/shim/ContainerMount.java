package dev.hearth.shim;

import java.util.List;

/**
 * Something mounted in a container.
 *
 * @param target where, an absolute path in its root file system; made where absent
 * @param followLinks whether symbolic links in the target are followed, inside the root; if not,
 *     one is a failure
 * @param changes of its attributes, carried out in their order before it is attached
 */
public record ContainerMount(
    MountSource source, String target, boolean followLinks, List<MountChange> changes) {
  public ContainerMount {
    ContainerPaths.check(target);
    changes = List.copyOf(changes);
  }
}
