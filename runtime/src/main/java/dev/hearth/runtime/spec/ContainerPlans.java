package dev.hearth.runtime.spec;

import dev.hearth.linux.Namespace;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.shim.Body;
import dev.hearth.shim.CapabilitySets;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ContainerFolder;
import dev.hearth.shim.ContainerLink;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.ExecPlan;
import dev.hearth.shim.FileTree;
import dev.hearth.shim.NamespaceSetup;
import dev.hearth.shim.ProcessSetup;
import dev.hearth.shim.ResourceLimit;
import dev.hearth.shim.RootFileSystem;
import dev.hearth.shim.SeccompFilter;
import dev.hearth.shim.Stdio;
import dev.hearth.shim.WindowSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Compiles containers, and commands run in them, to plans for the shim. Thread-safe. */
public final class ContainerPlans {
  /** 0755. */
  private static final int FOLDER = 0x1ED;

  private final NodeFacts facts;
  private final HostView host;
  private final SeccompFilters filters;
  private final ExecLabels labels;
  private final Namespacing namespacing;

  public ContainerPlans(NodeFacts facts, HostView host) {
    this.facts = facts;
    this.host = host;
    this.filters = new SeccompFilters(facts.abi(), facts.kernelRelease());
    this.labels = new ExecLabels(facts, host);
    this.namespacing = new Namespacing(facts.unifiedCgroups());
  }

  /** Does once what would make the first start slow. */
  public void warmUp() {
    var _ = filters.defaultFilter(Capabilities.DEFAULT & facts.boundingCapabilities());
  }

  /** Whether the node must open a mount's source beforehand, see {@link Surroundings#sources}. */
  public static boolean needsSource(MountSpec mount) {
    return !mount.image().isEmpty() || mount.propagation() == MountSpec.Propagation.BIDIRECTIONAL;
  }

  /**
   * Compiles a container.
   *
   * @throws HearthException.InvalidRequest for what cannot be meant
   * @throws HearthException.Unsupported for what this node or release cannot do
   */
  public ContainerPlan compile(PodSpec pod, ContainerRecord container, Surroundings around) {
    ContainerSpec spec = container.spec();
    ImageConfig image = container.image();
    check(pod, spec);
    Optional<UserNamespace> users = pod.namespaces().user();
    users.ifPresent(namespace -> UserMaps.check(namespace, container.user()));
    ContainerMounts mounts =
        new ContainerMounts(spec, image, around, facts.unifiedCgroups(), users);
    ContainerDevices devices = devices(container, mounts);
    return new ContainerPlan(
        namespacing.setup(pod, spec.security(), around),
        files(spec, image, around, mounts, devices, users.isPresent()),
        process(pod, container, CommandLine.of(spec, image), spec.tty()),
        stdio(spec),
        devices.access(),
        spec.mounts().stream()
            .filter(mount -> mount.image().isEmpty())
            .map(mount -> Path.of(mount.hostPath()))
            .toList());
  }

  /**
   * What a container's control group is to allow: {@link ContainerPlan#devices} without the rest.
   */
  public List<DeviceAccess> devices(PodSpec pod, ContainerRecord container, Surroundings around) {
    ContainerMounts mounts =
        new ContainerMounts(
            container.spec(),
            container.image(),
            around,
            facts.unifiedCgroups(),
            pod.namespaces().user());
    return devices(container, mounts).access();
  }

  private ContainerDevices devices(ContainerRecord container, ContainerMounts mounts) {
    ContainerDevices devices = new ContainerDevices(container.spec(), mounts, host);
    container.adjustment().ifPresent(adjustment -> adjustment.devices().forEach(devices::give));
    return devices;
  }

  private static void check(PodSpec pod, ContainerSpec spec) {
    if (spec.security().privileged() && !pod.privileged()) {
      throw new HearthException.InvalidRequest(
          "container " + spec.metadata().name() + " is privileged, and its pod sandbox is not");
    }
  }

  private static FileTree files(
      ContainerSpec spec,
      ImageConfig image,
      Surroundings around,
      ContainerMounts mounts,
      ContainerDevices devices,
      boolean ownUsers) {
    SecurityContext security = spec.security();
    RootFileSystem root =
        new RootFileSystem(
            around.root(), List.of(), security.readonlyRootfs(), mounts.rootPropagation());
    List<ContainerMount> allMounts = new ArrayList<>(mounts.mounts());
    if (ownUsers) {
      allMounts.addAll(devices.asMounts());
    }
    List<ContainerFolder> folders = new ArrayList<>();
    if (!security.readonlyRootfs()) {
      for (String volume : image.volumes()) {
        if (volume.indexOf('\0') < 0) {
          folders.add(new ContainerFolder(ContainerPath.clean(volume), FOLDER, 0, 0));
        }
      }
    }
    List<ContainerLink> links = new ArrayList<>(mounts.links());
    links.addAll(devices.links());
    List<String> readOnly = new ArrayList<>(mounts.readOnly());
    if (!security.privileged()) {
      readOnly.addAll(security.readonlyPaths());
    }
    return new FileTree(
        root,
        allMounts,
        folders,
        ownUsers ? List.of() : devices.nodes(),
        links,
        readOnly,
        security.privileged() ? List.of() : security.maskedPaths());
  }

  /**
   * No limits of setrlimit(2) are set unless a plugin does: those of the daemon's service are the
   * operator's choice.
   */
  private ProcessSetup process(
      PodSpec pod, ContainerRecord container, List<String> arguments, boolean terminal) {
    ContainerSpec spec = container.spec();
    SecurityContext security = spec.security();
    ProcessUser user = container.user();
    CapabilitySets capabilities = Capabilities.sets(security, facts.boundingCapabilities());
    String hostName = pod.hostname().isEmpty() ? facts.hostName() : pod.hostname();
    Environment environment =
        Environment.of(
            hostName,
            terminal,
            user.home(),
            container.image().environment(),
            container.adjustment().map(Adjustment::removedVariables).orElseGet(Set::of),
            spec.environment());
    return new ProcessSetup(
        (int) user.uid(),
        (int) user.gid(),
        user.groups().stream().map(Long::intValue).toList(),
        capabilities,
        security.noNewPrivs(),
        filter(container, capabilities.bounding()),
        limits(container),
        ProcessSetup.DEFAULT_UMASK,
        workingDirectory(spec, container.image()),
        OptionalInt.of(spec.resources().oomScoreAdj()),
        labels.label(security),
        new Body.Program(arguments, environment.entries(), environment.searchPath()));
  }

  private Optional<SeccompFilter> filter(ContainerRecord container, long bounding) {
    return container
        .adjustment()
        .flatMap(Adjustment::seccomp)
        .map(json -> filters.adjusted(json, bounding))
        .or(() -> filters.filter(container.spec().security(), bounding, host));
  }

  private static List<ResourceLimit> limits(ContainerRecord container) {
    return container.adjustment().map(Adjustment::limits).orElseGet(List::of).stream()
        .map(limit ->
            new ResourceLimit(
                ResourceLimit.Resource.valueOf(limit.kind().substring("RLIMIT_".length())),
                limit.soft(),
                limit.hard()))
        .toList();
  }

  private static String workingDirectory(ContainerSpec spec, ImageConfig image) {
    String folder =
        spec.workingDirectory().isEmpty() ? image.workingDirectory() : spec.workingDirectory();
    if (folder.indexOf('\0') >= 0) {
      throw new HearthException.InvalidRequest(
          "the working directory of image " + spec.image() + " contains a NUL character");
    }
    return ContainerPath.clean(folder);
  }

  private static Stdio stdio(ContainerSpec spec) {
    Stdio.Input input =
        !spec.stdin() ? Stdio.Input.NONE : spec.stdinOnce() ? Stdio.Input.ONCE : Stdio.Input.KEPT;
    return spec.tty() ? new Stdio.Terminal(input, WindowSize.UNKNOWN) : new Stdio.Pipes(input);
  }

  /**
   * Compiles a command to run in a container that runs, as the container's user with all its
   * confinement.
   *
   * @param around the container; its root file system and mounts do not matter
   * @param terminal its size, if it is to have one
   */
  public ExecPlan exec(
      PodSpec pod,
      ContainerRecord container,
      Surroundings around,
      List<String> command,
      Optional<WindowSize> terminal,
      CgroupJoins cgroups) {
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw new HearthException.InvalidRequest("no command to execute");
    }
    NamespaceSetup namespaces = namespacing.setup(pod, container.spec().security(), around);
    Set<Namespace> entered = EnumSet.copyOf(namespaces.created());
    entered.addAll(namespaces.joined().keySet());
    return new ExecPlan(
        entered,
        cgroups,
        namespaces.idMaps(),
        terminal,
        process(pod, container, command, terminal.isPresent()));
  }
}
