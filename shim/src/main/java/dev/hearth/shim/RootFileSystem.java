package dev.hearth.shim;

import dev.hearth.linux.Propagation;
import java.util.List;
import java.util.Optional;

/**
 * A container's root file system.
 *
 * @param changes of its attributes, before anything is mounted in it
 * @param readOnly made so when everything is mounted
 * @param propagation of the container's mounts among themselves, when everything is mounted
 */
public record RootFileSystem(
    MountSource source,
    List<MountChange> changes,
    boolean readOnly,
    Optional<Propagation> propagation) {
  public RootFileSystem {
    changes = List.copyOf(changes);
  }

  /** One that can be written and keeps its mounts to itself. */
  public static RootFileSystem of(MountSource source) {
    return new RootFileSystem(source, List.of(), false, Optional.empty());
  }

  /** The same, read-only. */
  public RootFileSystem asReadOnly() {
    return new RootFileSystem(source, changes, true, propagation);
  }
}
