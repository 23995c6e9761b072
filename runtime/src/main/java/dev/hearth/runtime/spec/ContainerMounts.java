package dev.hearth.runtime.spec;

import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Propagation;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.shim.ContainerLink;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.MountChange;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.MountSource.Bind;
import dev.hearth.shim.MountSource.FileSystem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is mounted in one container, in order: the file systems every container has, then what the
 * pod and the request add, upper folders first. What a request mounts takes the place of all that
 * would be mounted there or below, so that a mounted /dev or /sys is the host's, whole.
 */
final class ContainerMounts {
  private static final Set<MountAttribute> INERT =
      EnumSet.of(MountAttribute.NO_SUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC);

  private static final Set<MountAttribute> READ_ONLY = EnumSet.of(MountAttribute.READ_ONLY);

  private static final String SYS = "/sys";
  private static final String CGROUPS = "/sys/fs/cgroup";

  /** The group that owns terminals, by an old convention: tty. */
  private static final int TERMINAL_GROUP = 5;

  /** Hierarchies that programs in containers look into: for their limits, or to manage services. */
  private static final Set<String> CGROUPS_SHOWN =
      Set.of("cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "systemd", "hugetlb");

  private final ContainerSpec spec;
  private final ImageConfig image;
  private final Surroundings around;
  private final boolean unifiedCgroups;
  private final Optional<UserNamespace> users;
  private final List<ContainerMount> mounts = new ArrayList<>();
  private final List<ContainerLink> links = new ArrayList<>();
  private final List<String> readOnly = new ArrayList<>();

  /**
   * @param users the pod's user namespace, if it has one
   */
  ContainerMounts(
      ContainerSpec spec,
      ImageConfig image,
      Surroundings around,
      boolean unifiedCgroups,
      Optional<UserNamespace> users) {
    this.spec = spec;
    this.users = users;
    this.image = image;
    this.around = around;
    this.unifiedCgroups = unifiedCgroups;
    fileSystems();
    List<ContainerMount> rest = new ArrayList<>(podFiles());
    rest.addAll(volumes());
    spec.mounts().forEach(mount -> rest.add(requested(mount)));
    rest.sort(Comparator.comparingInt(mount -> ContainerPath.depth(mount.target())));
    mounts.addAll(rest);
  }

  List<ContainerMount> mounts() {
    return mounts;
  }

  List<ContainerLink> links() {
    return links;
  }

  /** Paths to be made read-only when everything is mounted. */
  List<String> readOnly() {
    return readOnly;
  }

  /** Whether what the request mounts covers a path. */
  boolean covered(String path) {
    return spec.mounts().stream()
        .map(mount -> ContainerPath.clean(mount.containerPath()))
        .anyMatch(target -> ContainerPath.isAtOrBelow(path, target));
  }

  private boolean taken(String path) {
    return spec.mounts().stream()
        .anyMatch(mount -> ContainerPath.clean(mount.containerPath()).equals(path));
  }

  /** How the container's mounts pass on what is mounted later: as far as any of them must. */
  Optional<Propagation> rootPropagation() {
    boolean shared =
        spec.mounts().stream()
            .anyMatch(m -> m.propagation() == MountSpec.Propagation.BIDIRECTIONAL);
    boolean slave =
        spec.mounts().stream()
            .anyMatch(m -> m.propagation() == MountSpec.Propagation.HOST_TO_CONTAINER);
    if (shared) {
      return Optional.of(Propagation.SHARED);
    }
    return slave ? Optional.of(Propagation.SLAVE) : Optional.empty();
  }

  private void fileSystems() {
    boolean privileged = spec.security().privileged();
    add("/proc", "proc", INERT);
    Set<MountAttribute> dev = EnumSet.of(MountAttribute.NO_SUID, MountAttribute.STRICT_ACCESS_TIME);
    add("/dev", "tmpfs", dev, "mode=755", "size=65536k");
    Set<MountAttribute> pts = EnumSet.of(MountAttribute.NO_SUID, MountAttribute.NO_EXEC);
    List<String> ptsOptions = new ArrayList<>(List.of("newinstance", "ptmxmode=0666", "mode=0620"));
    if (users.isEmpty() || users.get().hostGid(TERMINAL_GROUP).isPresent()) {
      ptsOptions.add("gid=" + TERMINAL_GROUP);
    }
    add("/dev/pts", "devpts", pts, ptsOptions.toArray(String[]::new));
    add("/dev/mqueue", "mqueue", INERT);
    sysfs(privileged ? INERT : with(INERT, MountAttribute.READ_ONLY));
    if (!covered(CGROUPS)) {
      cgroups(privileged);
    }
  }

  /** What a user namespace does not own, such as the node's network, it cannot show; we can. */
  private void sysfs(Set<MountAttribute> attributes) {
    if (users.isEmpty() || spec.security().namespaces().network() != NamespaceMode.NODE) {
      add(SYS, "sysfs", attributes);
    } else if (!covered(SYS)) {
      mounts.add(
          new ContainerMount(
              new Bind(Path.of(SYS), false),
              SYS,
              true,
              List.of(
                  MountChange.propagating(false, Propagation.PRIVATE),
                  MountChange.setting(false, attributes))));
    }
  }

  private void add(String target, String type, Set<MountAttribute> attributes, String... options) {
    if (!covered(target)) {
      List<MountSource.Option> list = new ArrayList<>();
      for (String option : options) {
        int equals = option.indexOf('=');
        list.add(
            equals < 0
                ? MountSource.Option.flag(option)
                : MountSource.Option.of(option.substring(0, equals), option.substring(equals + 1)));
      }
      FileSystem source = new FileSystem(type, list, attributes);
      mounts.add(new ContainerMount(source, target, true, List.of()));
    }
  }

  private static Set<MountAttribute> with(Set<MountAttribute> some, MountAttribute more) {
    Set<MountAttribute> all = EnumSet.of(more);
    all.addAll(some);
    return all;
  }

  /**
   * On v2 a cgroup namespace makes the container's own group the root of what is mounted. On v1
   * there is none, as with the peers: its own folder of each hierarchy is bound, which is where
   * JVMs and the like look for their limits.
   */
  private void cgroups(boolean privileged) {
    if (unifiedCgroups) {
      add(CGROUPS, "cgroup2", privileged ? INERT : with(INERT, MountAttribute.READ_ONLY));
      return;
    }
    add(CGROUPS, "tmpfs", INERT, "mode=755");
    for (Map.Entry<String, Path> entry : around.cgroupFolders().entrySet()) {
      List<String> controllers = List.of(entry.getKey().split(",", -1));
      if (controllers.stream().anyMatch(CGROUPS_SHOWN::contains)) {
        String target = CGROUPS + "/" + entry.getKey();
        Bind source = new Bind(entry.getValue(), false);
        mounts.add(
            new ContainerMount(source, target, true, List.of(MountChange.setting(false, INERT))));
        if (controllers.size() > 1) {
          controllers.forEach(c -> links.add(new ContainerLink(CGROUPS + "/" + c, entry.getKey())));
        }
      }
    }
    if (!privileged) {
      readOnly.add(CGROUPS);
    }
  }

  private List<ContainerMount> podFiles() {
    List<ContainerMount> files = new ArrayList<>();
    boolean fixed = spec.security().readonlyRootfs();
    bindFile(files, around.files().hosts(), "/etc/hosts", fixed);
    bindFile(files, around.files().hostName(), "/etc/hostname", fixed);
    bindFile(files, around.files().resolvConf(), "/etc/resolv.conf", fixed);
    switch (spec.security().namespaces().ipc()) {
      case POD, TARGET -> bindFile(files, around.files().shm(), "/dev/shm", false);
      case NODE -> bindFile(files, Path.of("/dev/shm"), "/dev/shm", false);
      case CONTAINER -> add("/dev/shm", "tmpfs", INERT, "mode=1777", "size=65536k");
    }
    return files;
  }

  private void bindFile(List<ContainerMount> files, Path source, String target, boolean fixed) {
    if (!taken(target)) {
      List<MountChange> changes = new ArrayList<>();
      changes.add(MountChange.propagating(false, Propagation.PRIVATE));
      if (fixed) {
        changes.add(MountChange.setting(false, READ_ONLY));
      }
      files.add(new ContainerMount(new Bind(source, false), target, true, changes));
    }
  }

  /**
   * Volumes an image declares need nothing where the root file system can be written: what is in
   * the container goes with it, and so would a volume. Where it cannot, a volume can be written all
   * the same, as with the peers, but starts empty.
   */
  private List<ContainerMount> volumes() {
    List<ContainerMount> found = new ArrayList<>();
    if (spec.security().readonlyRootfs()) {
      FileSystem empty =
          new FileSystem(
              "tmpfs",
              List.of(MountSource.Option.of("mode", "755")),
              EnumSet.of(MountAttribute.NO_SUID, MountAttribute.NO_DEVICES));
      for (String volume : image.volumes()) {
        String target = ContainerPath.clean(volume);
        if (!taken(target) && !target.equals("/") && volume.indexOf('\0') < 0) {
          found.add(new ContainerMount(empty, target, true, List.of()));
        }
      }
    }
    return found;
  }

  private ContainerMount requested(MountSpec mount) {
    String target = ContainerPath.clean(mount.containerPath());
    if (target.equals("/")) {
      throw new HearthException.InvalidRequest("nothing can be mounted on a container's root");
    }
    List<MountChange> changes = new ArrayList<>();
    if (mount.idMappings().isPresent()) {
      if (!mount.idMappings().equals(users)) {
        throw new HearthException.InvalidRequest(
            "mount " + target + ": its id mappings are not those of the pod's user namespace");
      }
      if (!ContainerPlans.needsSource(mount)) {
        // As the peers have it, not what is mounted below: few file systems can be mapped.
        changes.add(MountChange.mappingIds(false));
      }
    }
    changes.add(MountChange.propagating(true, propagation(mount)));
    if (mount.readonly()) {
      changes.add(MountChange.setting(mount.recursiveReadonly(), READ_ONLY));
    }
    changes.addAll(MountOptions.changes(mount));
    return new ContainerMount(source(mount), target, true, changes);
  }

  private static Propagation propagation(MountSpec mount) {
    return switch (mount.propagation()) {
      case PRIVATE -> Propagation.PRIVATE;
      case HOST_TO_CONTAINER -> Propagation.SLAVE;
      case BIDIRECTIONAL -> Propagation.SHARED;
    };
  }

  private MountSource source(MountSpec mount) {
    MountSource prepared = around.sources().get(mount.containerPath());
    if (prepared != null) {
      return prepared;
    }
    if (ContainerPlans.needsSource(mount)) {
      throw new HearthException.Unsupported(
          "mount "
              + mount.containerPath()
              + (mount.image().isEmpty()
                  ? ": mounts made in the container cannot be passed on to the node"
                  : ": images cannot be mounted"));
    }
    return new Bind(Path.of(mount.hostPath()), true);
  }
}
