package dev.hearth.runtime.spec;

import dev.hearth.linux.Namespace;
import dev.hearth.shim.MountSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the node has prepared for a container before it is started.
 *
 * @param root its root file system
 * @param files of the pod
 * @param podNamespaces pins of those the pod has of its own: of NETWORK, UTS, IPC, PID and USER
 * @param targetPid the PID namespace of the container it is to look into; only then
 * @param cgroupFolders the container's own folder in each v1 hierarchy by the hierarchy's folder
 *     name, such as {@code cpu,cpuacct}; empty on v2
 * @param sources for mounts that cannot simply be bound, by their container path: images, and
 *     bidirectional ones (see {@link ContainerPlans#needsSource})
 */
public record Surroundings(
    MountSource root,
    PodPaths files,
    Map<Namespace, Path> podNamespaces,
    Optional<Path> targetPid,
    SortedMap<String, Path> cgroupFolders,
    Map<String, MountSource> sources) {
  /** Files of the pod that its containers see. */
  public record PodPaths(Path hosts, Path hostName, Path resolvConf, Path shm) {}

  public Surroundings {
    podNamespaces = Map.copyOf(podNamespaces);
    sources = Map.copyOf(sources);
  }
}
