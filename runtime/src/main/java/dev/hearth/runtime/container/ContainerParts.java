package dev.hearth.runtime.container;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.cgroup.CgroupPath;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.cgroup.DeviceRule;
import dev.hearth.runtime.cgroup.Limits;
import dev.hearth.runtime.cgroup.Seat;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.image.Images;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.pod.PauseProcess;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.PodFiles;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.runtime.snapshot.ImageVolume;
import dev.hearth.runtime.snapshot.RootFilesystems;
import dev.hearth.runtime.snapshot.UpperUsage;
import dev.hearth.shim.CgroupJoins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The parts a container consists of on the node: how each is made and how each is taken away.
 * Making one that is there is fine, as is taking away one that is not.
 */
public final class ContainerParts {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  /** How long the last processes of a container may take to leave its cgroup. */
  private static final Duration LAST_PROCESSES = Duration.ofSeconds(10);

  private final Layout layout;
  private final Pods pods;
  private final SandboxParts sandboxes;
  private final RootFilesystems roots;
  private final Cgroups cgroups;
  private final Checkpoints checkpoints;

  public ContainerParts(
      Layout layout,
      Pods pods,
      SandboxParts sandboxes,
      RootFilesystems roots,
      Cgroups cgroups,
      Checkpoints checkpoints) {
    this.layout = layout;
    this.pods = pods;
    this.sandboxes = sandboxes;
    this.roots = roots;
    this.cgroups = cgroups;
    this.checkpoints = checkpoints;
  }

  void makeSnapshot(ContainerRecord container, List<ImageVolume> volumes)
      throws IOException, InterruptedException {
    roots.prepare(
        container.id(),
        container.image().diffIds(),
        pods.require(container.podId().value()).spec().namespaces().user(),
        volumes);
  }

  void removeSnapshot(ContainerId id) throws IOException, InterruptedException {
    roots.remove(id);
  }

  /**
   * Removes the layer that a restored container has beside those of its image, unless an image has
   * it too. After the snapshot.
   */
  void removeOwnLayer(ContainerRecord container, Images images) throws IOException {
    if (RestoredContainers.archive(container.spec()).isEmpty()) {
      return;
    }
    removeLayer(container.image().diffIds().getLast(), images);
  }

  /** Removes a layer that no image has. */
  void removeLayer(Digest top, Images images) throws IOException {
    if (images.list().stream().noneMatch(image -> image.config().diffIds().contains(top))) {
      roots.removeLayer(top);
    }
  }

  /** Takes away what the container was to be restored from: it was, or never will be. */
  void deleteCheckpoint(ContainerId id) throws IOException {
    checkpoints.discard(id);
  }

  Fd mountRoot(PodRecord pod, ContainerId id) throws IOException, InterruptedException {
    if (pod.spec().namespaces().user().isEmpty()) {
      return roots.mount(id, Optional.empty());
    }
    Path pin = SandboxParts.pin(layout.pod(pod.id()), Namespace.USER);
    try (Fd users = Namespaces.open(pin)) {
      return roots.mount(id, Optional.of(users));
    }
  }

  /** Where the root file system is attached, in the container's own mount namespace only. */
  static Path rootMountPoint(Path container) {
    return container.resolve("root");
  }

  void makeState(ContainerId id) throws IOException {
    Files.createDirectories(rootMountPoint(layout.container(id)));
  }

  void needPidNamespace(Pod pod, ContainerRecord container) throws Exception {
    if (container.spec().security().namespaces().pid() == NamespaceMode.POD) {
      sandboxes.needPause(pod);
    }
  }

  /** Makes the folder of the container's log, as the kubelet mostly has done. */
  void makeLogFolder(PodRecord pod, ContainerRecord container) throws IOException {
    Optional<Path> log = log(pod, container);
    if (log.isPresent() && log.get().getParent() != null) {
      Files.createDirectories(log.get().getParent());
    }
  }

  /** Where the container's log goes on the node, if it has one. */
  static Optional<Path> log(PodRecord pod, ContainerRecord container) {
    String directory = pod.spec().logDirectory();
    String relative = container.spec().logPath();
    return directory.isEmpty() || relative.isEmpty()
        ? Optional.empty()
        : Optional.of(Path.of(directory).resolve(relative));
  }

  /** The folder with what it wrote to its root file system; only to be read. */
  Path written(ContainerId id) throws IOException {
    return roots.written(id);
  }

  /** Containers that have a folder for their shim's socket and exit record, recorded or not. */
  public List<ContainerId> stateFolders() {
    String[] names = layout.containers().toFile().list();
    return names == null
        ? List.of()
        : Arrays.stream(names).filter(ContainerId::isValid).map(ContainerId::new).toList();
  }

  /** Deletes the shim's socket and exit record. */
  public void deleteState(ContainerId id) throws IOException {
    PodFiles.deleteTree(layout.container(id));
  }

  Seat makeCgroup(PodRecord pod, ContainerRecord container, List<DeviceRule> devices)
      throws CgroupException, InterruptedException {
    CgroupPath path = cgroups.containerPath(sandboxes.cgroup(pod.id(), pod.spec()), container.id());
    return cgroups.seat(path, Limits.of(container.spec().resources()).withDevices(devices));
  }

  /** The container's group, existing or not; nothing if its pod is gone, and the group with it. */
  Optional<Cgroup> cgroup(ContainerRecord container) throws CgroupException {
    Optional<Pod> pod = pods.find(container.podId().value());
    if (pod.isEmpty()) {
      return Optional.empty();
    }
    CgroupPath parent = sandboxes.cgroup(pod.get().id(), pod.get().spec());
    return Optional.of(cgroups.at(cgroups.containerPath(parent, container.id())));
  }

  /** The groups that a command in the container enters. */
  CgroupJoins joins(ContainerRecord container) throws CgroupException {
    return cgroup(container)
        .map(group -> PauseProcess.joins(group.join()))
        .orElse(CgroupJoins.NONE);
  }

  void updateCgroup(ContainerRecord container, Resources change)
      throws CgroupException, LinuxException, InterruptedException {
    Optional<Cgroup> cgroup = cgroup(container);
    if (cgroup.isPresent()) {
      cgroup.get().update(Limits.of(change));
      if (change.oomScoreAdj() != 0) {
        OomScores.adjust(cgroup.get(), change.oomScoreAdj());
      }
    }
  }

  void removeCgroup(ContainerRecord container) throws CgroupException, InterruptedException {
    Optional<Cgroup> cgroup = cgroup(container);
    if (cgroup.isPresent()) {
      cgroup.get().kill();
      cgroup.get().remove(LAST_PROCESSES);
    }
  }

  /**
   * Kills whatever is left in the container's group, and removes it. What cannot be is left for the
   * container's removal.
   */
  public void clearProcesses(ContainerRecord container) {
    try {
      removeCgroup(container);
    } catch (CgroupException | HearthException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "processes of container {0} linger on: {1}",
          container.id(),
          e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Forgets a start that was cut off: nothing of it may stand in the way of the next. */
  public void clearStart(ContainerRecord container) throws IOException {
    clearProcesses(container);
    deleteState(container.id());
    makeState(container.id());
  }

  /** {@link Cgroup#usage} of the container; empty if it does not run. */
  public Optional<Statistics> usage(ContainerRecord container) {
    try {
      Optional<Cgroup> cgroup = cgroup(container);
      return cgroup.isPresent() && cgroup.get().exists()
          ? Optional.of(cgroup.get().usage())
          : Optional.empty();
    } catch (CgroupException e) {
      return Optional.empty();
    }
  }

  /** Lets a container that is being saved go on; false if it is not being saved. */
  boolean letGoIfSaved(ContainerRecord container) {
    if (!checkpoints.isUnderWay(container.id())) {
      return false;
    }
    try {
      Optional<Cgroup> group = group(container);
      if (group.isPresent()) {
        group.get().thaw();
      }
    } catch (CgroupException e) {
      LOG.log(System.Logger.Level.WARNING, "container " + container.id() + " stands still", e);
    }
    return true;
  }

  /** The container's group, if it is there. */
  public Optional<Cgroup> group(ContainerRecord container) {
    try {
      return cgroup(container).filter(Cgroup::exists);
    } catch (CgroupException e) {
      return Optional.empty();
    }
  }

  /** The ids that the images mounted in a container had when that was made, by their path. */
  Map<String, Digest> volumeImages(ContainerRecord container) {
    Map<String, Digest> images = new HashMap<>();
    for (MountSpec mount : container.spec().mounts()) {
      roots
          .volumeImage(container.id(), mount.containerPath())
          .ifPresent(image -> images.put(mount.containerPath(), image));
    }
    return images;
  }

  /** What it wrote, as last measured. */
  public Optional<UpperUsage.Measured> diskUsage(ContainerId id) {
    return roots.usage(id);
  }
}
