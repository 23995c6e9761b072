package dev.hearth.runtime.spec;

import dev.hearth.linux.Namespace;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerMetadata;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.DeviceSpec;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.SelinuxLabel;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.shim.MountSource;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A request to be changed here and there; everything in it has the value CRI's zero stands for. */
final class Requests {
  List<String> command = List.of("/bin/app");
  List<String> args = List.of();
  String workingDirectory = "";
  List<EnvironmentVariable> environment = List.of();
  List<MountSpec> mounts = List.of();
  List<DeviceSpec> devices = List.of();
  List<String> cdiDevices = List.of();
  boolean stdin;
  boolean stdinOnce;
  boolean tty;
  int oomScoreAdj;

  List<String> addCapabilities = List.of();
  List<String> dropCapabilities = List.of();
  List<String> ambientCapabilities = List.of();
  boolean privileged;
  NamespaceMode network = NamespaceMode.POD;
  NamespaceMode pid = NamespaceMode.CONTAINER;
  NamespaceMode ipc = NamespaceMode.POD;
  String target = "";
  Optional<UserNamespace> users = Optional.empty();
  Optional<Long> runAsUser = Optional.empty();
  Optional<Long> runAsGroup = Optional.empty();
  String runAsUsername = "";
  boolean readonlyRootfs;
  List<Long> supplementalGroups = List.of();
  SecurityContext.GroupsPolicy groupsPolicy = SecurityContext.GroupsPolicy.MERGE;
  boolean noNewPrivs;
  List<String> maskedPaths = List.of();
  List<String> readonlyPaths = List.of();
  SecurityProfile seccomp = SecurityProfile.UNCONFINED;
  Optional<SecurityProfile> apparmor = Optional.empty();
  SelinuxLabel selinux = SelinuxLabel.NONE;

  List<String> imageEntrypoint = List.of();
  List<String> imageCommand = List.of();
  List<String> imageEnvironment = List.of();
  String imageWorkingDirectory = "";
  List<String> imageVolumes = List.of();
  ProcessUser user = new ProcessUser(0, 0, List.of(0L), "/root");

  String hostName = "pod-1";
  boolean podPrivileged;
  Map<String, String> sysctls = Map.of();

  final Map<Namespace, Path> pins = new java.util.EnumMap<>(Namespace.class);
  Optional<Path> targetPid = Optional.empty();
  Map<String, MountSource> sources = Map.of();
  MountSource root = new MountSource.Bind(Path.of("/images/1"), false);
  final SortedMap<String, Path> cgroupFolders =
      new TreeMap<>(
          Map.of(
              "memory", Path.of("/sys/fs/cgroup/memory/hearth/x"),
              "cpu,cpuacct", Path.of("/sys/fs/cgroup/cpu,cpuacct/hearth/x"),
              "freezer", Path.of("/sys/fs/cgroup/freezer/hearth/x")));

  Requests() {
    for (Namespace kind : Set.of(Namespace.NETWORK, Namespace.UTS, Namespace.IPC)) {
      pins.put(kind, Path.of("/run/hearth/pods/1/ns", kind.procName()));
    }
  }

  NamespaceOptions namespaces() {
    return new NamespaceOptions(network, pid, ipc, target, users);
  }

  SecurityContext security() {
    return new SecurityContext(
        addCapabilities,
        dropCapabilities,
        ambientCapabilities,
        privileged,
        namespaces(),
        selinux,
        runAsUser,
        runAsGroup,
        runAsUsername,
        readonlyRootfs,
        supplementalGroups,
        groupsPolicy,
        noNewPrivs,
        maskedPaths,
        readonlyPaths,
        seccomp,
        apparmor);
  }

  ContainerSpec spec() {
    return new ContainerSpec(
        new ContainerMetadata("app", 0),
        "example.org/app:1",
        "",
        command,
        args,
        workingDirectory,
        environment,
        mounts,
        devices,
        cdiDevices,
        Map.of(),
        Map.of(),
        "",
        stdin,
        stdinOnce,
        tty,
        new Resources(0, 0, 0, 0, 0, oomScoreAdj, "", "", Map.of(), Map.of(), 0),
        security(),
        "");
  }

  ImageConfig image() {
    return new ImageConfig(
        "amd64",
        "linux",
        imageEntrypoint,
        imageCommand,
        imageEnvironment,
        imageWorkingDirectory,
        "",
        "",
        Map.of(),
        imageVolumes,
        List.of(),
        List.of());
  }

  ContainerRecord record() {
    return new ContainerRecord(
        new ContainerId("c".repeat(64)),
        new PodId("a".repeat(64)),
        spec(),
        Digest.sha256("b".repeat(64)),
        "example.org/app:1",
        image(),
        user,
        Instant.EPOCH,
        new ContainerState.Created(),
        Optional.empty());
  }

  PodSpec pod() {
    NamespaceMode podPid = pid == NamespaceMode.TARGET ? NamespaceMode.CONTAINER : pid;
    return new PodSpec(
        new PodMetadata("pod", "uid", "default", 0),
        "",
        hostName,
        "",
        new DnsConfig(List.of(), List.of(), List.of()),
        List.of(),
        Map.of(),
        Map.of(),
        "",
        new NamespaceOptions(network, podPid, ipc, "", users),
        podPrivileged,
        sysctls,
        SecurityProfile.UNCONFINED,
        Resources.NONE,
        Resources.NONE);
  }

  Surroundings around() {
    Path files = Path.of("/run/hearth/pods/1");
    return new Surroundings(
        root,
        new Surroundings.PodPaths(
            files.resolve("hosts"),
            files.resolve("hostname"),
            files.resolve("resolv.conf"),
            files.resolve("shm")),
        pins,
        targetPid,
        cgroupFolders,
        sources);
  }

  static MountSpec mount(
      String from, String to, boolean readonly, MountSpec.Propagation propagation) {
    return new MountSpec(
        to, from, readonly, false, false, propagation, Optional.empty(), "", "", List.of());
  }
}
