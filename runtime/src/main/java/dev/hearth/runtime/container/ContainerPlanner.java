package dev.hearth.runtime.container;

import com.google.gson.JsonObject;
import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.DeviceRule;
import dev.hearth.runtime.cgroup.Join;
import dev.hearth.runtime.cgroup.Seat;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.pod.PauseProcess;
import dev.hearth.runtime.pod.PodFiles;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.runtime.snapshot.RootFilesystems;
import dev.hearth.runtime.snapshot.RootView;
import dev.hearth.runtime.spec.ContainerPlan;
import dev.hearth.runtime.spec.ContainerPlans;
import dev.hearth.runtime.spec.RuntimeSpecJson;
import dev.hearth.runtime.spec.Surroundings;
import dev.hearth.runtime.spec.UserDatabase;
import dev.hearth.runtime.spec.Users;
import dev.hearth.shim.Body;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ExecPlan;
import dev.hearth.shim.LaunchPlan;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.Supervision;
import dev.hearth.shim.WindowSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Gathers what the node has prepared for a container, and has its plans compiled from that. Keeps
 * nothing.
 */
public final class ContainerPlanner {
  /** Longest /etc/passwd or /etc/group of an image that is read, in bytes. */
  private static final int MAX_DATABASE = UserDatabase.MAX_TEXT;

  /** How long the file systems of bound paths may take to answer. */
  private static final Duration ANSWER = Duration.ofSeconds(20);

  private final HostPaths hostPaths = new HostPaths(ANSWER);
  private final Layout layout;
  private final Pods pods;
  private final Containers containers;
  private final RootFilesystems roots;
  private final ContainerPlans plans;

  public ContainerPlanner(
      Layout layout,
      Pods pods,
      Containers containers,
      RootFilesystems roots,
      ContainerPlans plans) {
    this.layout = layout;
    this.pods = pods;
    this.containers = containers;
    this.roots = roots;
    this.plans = plans;
  }

  /** Who the container's process is to be, by the files of its image. */
  ProcessUser user(ContainerRecord container) throws IOException, InterruptedException {
    try (RootView view = roots.view(container.id())) {
      UserDatabase database =
          UserDatabase.parse(text(view, "/etc/passwd"), text(view, "/etc/group"));
      return Users.resolve(container.spec().security(), container.image().user(), database);
    }
  }

  private static String text(RootView view, String path) throws LinuxException {
    try {
      return view.read(path, MAX_DATABASE)
          .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
          .orElse("");
    } catch (LinuxException e) {
      if (e.is(Errno.EFBIG)) {
        throw new HearthException.InvalidRequest(
            path + " of the image is longer than " + MAX_DATABASE + " bytes", e);
      }
      throw e;
    }
  }

  /** Fails as the start would, for what the request or the image got wrong. */
  void check(PodRecord pod, ContainerRecord container) {
    var _ = compile(pod, container, Optional.empty(), unmounted(container.id()), Map.of());
  }

  /** What the container's control group is to allow. */
  List<DeviceRule> deviceRules(PodRecord pod, ContainerRecord container) {
    return plans.devices(pod.spec(), container, surroundings(pod, container)).stream()
        .map(d -> DeviceRule.allow(d.kind(), d.major(), d.minor(), d.access()))
        .toList();
  }

  /** Stands for a root file system where only the rest of a plan matters. */
  private MountSource unmounted(ContainerId id) {
    return new MountSource.Bind(ContainerParts.rootMountPoint(layout.container(id)), false);
  }

  /** A plan with what must stay open until it is carried out. */
  record Prepared(LaunchPlan plan, List<Fd> sources) implements AutoCloseable {
    @Override
    public void close() {
      sources.forEach(Fd::close);
    }
  }

  /**
   * Plans the start of a container.
   *
   * @param root its root file system, mounted and attached nowhere
   * @param restored how its processes are brought back, if they are
   */
  Prepared launch(
      PodRecord pod,
      ContainerRecord container,
      Seat seat,
      Fd root,
      Optional<Body.Restored> restored)
      throws IOException, InterruptedException {
    List<Fd> open = new ArrayList<>();
    try {
      Map<String, MountSource> sources = new HashMap<>();
      hostPaths.prepare(
          container.spec().mounts().stream()
              .filter(mount -> mount.image().isEmpty())
              .map(mount -> Path.of(mount.hostPath()))
              .toList());
      Optional<Fd> users = users(pod);
      users.ifPresent(open::add);
      for (MountSpec mount : container.spec().mounts()) {
        if (ContainerPlans.needsSource(mount)) {
          Fd source = source(container, mount, users);
          open.add(source);
          sources.put(mount.containerPath(), new MountSource.Detached(source));
        }
      }
      ContainerPlan plan =
          compile(
              pod, container, Optional.of(seat.group()), new MountSource.Detached(root), sources);
      return new Prepared(
          plan.launch(
              supervision(pod, container, seat), PauseProcess.joins(seat.group().join()), restored),
          open);
    } catch (IOException | InterruptedException | RuntimeException e) {
      open.forEach(Fd::close);
      throw e;
    }
  }

  private Optional<Fd> users(PodRecord pod) throws LinuxException {
    return pod.spec().namespaces().user().isEmpty()
        ? Optional.empty()
        : Optional.of(Namespaces.open(SandboxParts.pin(layout.pod(pod.id()), Namespace.USER)));
  }

  /** What must be mounted before the container's process is there to do it. */
  private Fd source(ContainerRecord container, MountSpec mount, Optional<Fd> users)
      throws IOException, InterruptedException {
    if (!mount.image().isEmpty()) {
      return roots.volume(container.id(), mount.containerPath(), mount.imageSubPath(), users);
    }
    Fd copy = DetachedMounts.copy(Path.of(mount.hostPath()), true);
    try {
      if (mount.idMappings().isPresent()) {
        DetachedMounts.change(
            copy, new DetachedMounts.Change(Set.of(), Set.of(), Optional.empty(), users), false);
      }
      return copy;
    } catch (LinuxException e) {
      copy.close();
      throw e;
    }
  }

  /** Looks for what the images mounted in a container must have. */
  void checkVolumes(ContainerRecord container) throws IOException, InterruptedException {
    for (MountSpec mount : container.spec().mounts()) {
      if (!mount.image().isEmpty()) {
        source(container, mount, Optional.empty()).close();
      }
    }
  }

  private Supervision supervision(PodRecord pod, ContainerRecord container, Seat seat) {
    Cgroup cgroup = seat.group();
    Path folder = layout.container(container.id());
    Optional<Supervision.FileWrite> killRest =
        container.spec().security().namespaces().pid() == NamespaceMode.CONTAINER
            ? Optional.empty()
            : cgroup
                .join()
                .unified()
                .map(unified -> new Supervision.FileWrite(unified.resolve("cgroup.kill"), "1"));
    return new Supervision(
        ContainerProcesses.control(folder),
        ContainerProcesses.exitRecord(folder),
        ContainerParts.log(pod, container)
            .map(path -> new Supervision.Log(path, Supervision.DEFAULT_LINE_LIMIT)),
        cgroup.oomFile().map(Supervision.OomCounter::in),
        killRest,
        Supervision.DEFAULT_DRAIN,
        PauseProcess.joins(seat.shim()),
        OptionalInt.empty());
  }

  private ContainerPlan compile(
      PodRecord pod,
      ContainerRecord container,
      Optional<Cgroup> cgroup,
      MountSource root,
      Map<String, MountSource> sources) {
    return plans.compile(
        pod.spec(), container, surroundings(pod, container, cgroup, root, sources));
  }

  /** Without what only a start has. */
  private Surroundings surroundings(PodRecord pod, ContainerRecord container) {
    return surroundings(pod, container, Optional.empty(), unmounted(container.id()), Map.of());
  }

  private Surroundings surroundings(
      PodRecord pod,
      ContainerRecord container,
      Optional<Cgroup> cgroup,
      MountSource root,
      Map<String, MountSource> sources) {
    Path state = layout.pod(pod.id());
    return new Surroundings(
        root,
        new Surroundings.PodPaths(
            PodFiles.hosts(state),
            PodFiles.hostname(state),
            PodFiles.resolvConf(state),
            PodFiles.shm(state)),
        podNamespaces(pod, state),
        targetPid(container),
        cgroup.map(group -> folders(group.join())).orElseGet(TreeMap::new),
        placeholders(container, sources));
  }

  /** Where a source is opened only for the start, its host path stands for it until then. */
  private static Map<String, MountSource> placeholders(
      ContainerRecord container, Map<String, MountSource> sources) {
    Map<String, MountSource> all = new HashMap<>();
    for (MountSpec mount : container.spec().mounts()) {
      if (ContainerPlans.needsSource(mount)) {
        Path shown = Path.of(mount.image().isEmpty() ? mount.hostPath() : "/");
        all.put(mount.containerPath(), new MountSource.Bind(shown, true));
      }
    }
    all.putAll(sources);
    return all;
  }

  private static Map<Namespace, Path> podNamespaces(PodRecord pod, Path state) {
    Map<Namespace, Path> pins = new EnumMap<>(Namespace.class);
    for (Namespace kind : SandboxParts.kinds(pod.spec())) {
      pins.put(kind, SandboxParts.pin(state, kind));
    }
    Path pid = PauseProcess.pin(state);
    if (Files.exists(pid)) {
      pins.put(Namespace.PID, pid);
    }
    return pins;
  }

  /** Where file systems are mounted that the container has to itself, besides its root. */
  Set<String> ownMounts(PodRecord pod, ContainerRecord container) {
    return compile(pod, container, Optional.empty(), unmounted(container.id()), Map.of())
        .ownMounts();
  }

  private Optional<Path> targetPid(ContainerRecord container) {
    String target = container.spec().security().namespaces().targetContainer();
    if (target.isEmpty()) {
      return Optional.empty();
    }
    return containers
        .find(target)
        .filter(found -> found.podId().equals(container.podId()))
        .flatMap(found ->
            found.state() instanceof ContainerState.Running running
                ? Optional.of(Path.of("/proc", Integer.toString(running.pid()), "ns", "pid"))
                : Optional.empty());
  }

  /** The container's folder in each v1 hierarchy, by the name of the hierarchy's mount point. */
  private static SortedMap<String, Path> folders(Join join) {
    SortedMap<String, Path> folders = new TreeMap<>();
    Path base = Path.of("/sys/fs/cgroup");
    for (Path tasks : join.tasks()) {
      Path folder = tasks.resolveSibling("");
      if (folder.startsWith(base) && folder.getNameCount() > base.getNameCount()) {
        folders.put(folder.getName(base.getNameCount()).toString(), folder);
      }
    }
    return folders;
  }

  /**
   * The container in the shape of the OCI runtime specification, as users of crictl read it.
   *
   * @param cgroup path of its group
   */
  JsonObject runtimeSpec(PodRecord pod, ContainerRecord container, String cgroup) {
    ContainerPlan plan =
        compile(pod, container, Optional.empty(), unmounted(container.id()), Map.of());
    return RuntimeSpecJson.of(
        plan,
        pod.spec().hostname(),
        cgroup,
        container.spec().resources(),
        container.adjustedAnnotations());
  }

  /**
   * Plans a command in a container that runs.
   *
   * @param joins the container's control groups
   */
  ExecPlan exec(
      ContainerRecord container,
      List<String> command,
      Optional<WindowSize> terminal,
      CgroupJoins joins) {
    PodRecord pod = pods.require(container.podId().value()).record();
    return plans.exec(
        pod.spec(), container, surroundings(pod, container), command, terminal, joins);
  }
}
