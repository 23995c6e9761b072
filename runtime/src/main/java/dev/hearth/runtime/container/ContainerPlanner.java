package dev.hearth.runtime.container;

import dev.hearth.linux.Fd;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.network.PodNamespaces;
import dev.hearth.runtime.pod.PauseProcess;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.shim.Body;
import dev.hearth.shim.CapabilitySets;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ContainerLink;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.DeviceNode;
import dev.hearth.shim.ExecPlan;
import dev.hearth.shim.FileTree;
import dev.hearth.shim.LaunchPlan;
import dev.hearth.shim.MountChange;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.NamespaceSetup;
import dev.hearth.shim.ProcessSetup;
import dev.hearth.shim.RootFileSystem;
import dev.hearth.shim.Stdio;
import dev.hearth.shim.Supervision;
import dev.hearth.shim.WindowSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Compiles launch and exec plans. Confined to what every container needs. */
public final class ContainerPlanner {
  private final Layout layout;
  private final CgroupJoins shims;

  public ContainerPlanner(Layout layout, CgroupJoins shims) {
    this.layout = layout;
    this.shims = shims;
  }

  static MountSource.FileSystem fs(String type, Set<MountAttribute> a, String... options) {
    List<MountSource.Option> o = new ArrayList<>();
    for (String x : options) {
      String[] kv = x.split("=", 2);
      o.add(kv.length == 2 ? MountSource.Option.of(kv[0], kv[1]) : MountSource.Option.flag(x));
    }
    return new MountSource.FileSystem(type, o, a);
  }

  static final Set<MountAttribute> NSE =
      EnumSet.of(MountAttribute.NO_SUID, MountAttribute.NO_EXEC, MountAttribute.NO_DEVICES);

  private List<String> argv(ContainerRecord c) {
    List<String> a = new ArrayList<>();
    if (c.spec().command().isEmpty()) {
      a.addAll(c.image().entrypoint());
      a.addAll(c.spec().args().isEmpty() ? c.image().command() : c.spec().args());
    } else {
      a.addAll(c.spec().command());
      a.addAll(c.spec().args());
    }
    return a;
  }

  private ProcessSetup process(ContainerRecord c, List<String> argv) {
    List<String> env = new ArrayList<>(c.image().environment());
    c.spec().environment().forEach(v -> env.add(v.key() + "=" + v.value()));
    String path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    return ProcessSetup.of(new Body.Program(argv, env, path))
        .withCapabilities(CapabilitySets.of(0x00000000a80425fbL))
        .withConfinement(false, Optional.empty())
        .withWorkingDirectory("/");
  }

  LaunchPlan plan(PodRecord pod, ContainerRecord c, Cgroup cgroup, Fd root) {
    Path dir = layout.container(c.id());
    Path pd = layout.pod(pod.id());
    NamespaceSetup ns = NamespaceSetup.creating();
    boolean podPid = c.spec().security().namespaces().pid() == NamespaceMode.POD;
    if (!podPid) ns = NamespaceSetup.creating(Namespace.PID);
    else ns = ns.joining(Namespace.PID, PauseProcess.pin(pd));
    for (Namespace k : SandboxParts.kinds(pod.spec())) ns = ns.joining(k, PodNamespaces.pin(pd, k));
    Supervision sup =
        new Supervision(
            ContainerProcesses.control(dir),
            ContainerProcesses.exitRecord(dir),
            c.spec().logPath().isEmpty() || pod.spec().logDirectory().isEmpty()
                ? Optional.empty()
                : Optional.of(
                    new Supervision.Log(
                        Path.of(pod.spec().logDirectory()).resolve(c.spec().logPath()), 16384)),
            cgroup.oomFile().map(Supervision.OomCounter::in),
            Optional.empty(),
            Supervision.DEFAULT_DRAIN,
            shims,
            OptionalInt.empty());
    List<ContainerMount> mounts = new ArrayList<>();
    mounts.add(new ContainerMount(fs("proc", NSE), "/proc", true, List.of()));
    mounts.add(
        new ContainerMount(
            fs("tmpfs", EnumSet.of(MountAttribute.NO_SUID), "mode=755", "size=65536k"),
            "/dev",
            true,
            List.of()));
    mounts.add(
        new ContainerMount(
            fs(
                "devpts",
                EnumSet.of(MountAttribute.NO_SUID, MountAttribute.NO_EXEC),
                "newinstance",
                "ptmxmode=0666",
                "mode=0620",
                "gid=5"),
            "/dev/pts",
            true,
            List.of()));
    for (MountSpec m : c.spec().mounts()) {
      mounts.add(
          new ContainerMount(
              new MountSource.Bind(Path.of(m.hostPath()), true),
              m.containerPath(),
              true,
              m.readonly()
                  ? List.of(MountChange.setting(false, EnumSet.of(MountAttribute.READ_ONLY)))
                  : List.of()));
    }
    FileTree tree =
        new FileTree(
            RootFileSystem.of(new MountSource.Detached(root), ContainerParts.rootMountPoint(dir)),
            mounts,
            List.of(),
            List.of(
                DeviceNode.character("/dev/null", 0666, 1, 3),
                DeviceNode.character("/dev/zero", 0666, 1, 5),
                DeviceNode.character("/dev/full", 0666, 1, 7),
                DeviceNode.character("/dev/tty", 0666, 5, 0),
                DeviceNode.character("/dev/random", 0666, 1, 8),
                DeviceNode.character("/dev/urandom", 0666, 1, 9)),
            List.of(
                new ContainerLink("/dev/fd", "/proc/self/fd"),
                new ContainerLink("/dev/ptmx", "pts/ptmx")),
            List.of(),
            List.of());
    return new LaunchPlan(
        sup,
        c.spec().tty()
            ? new Stdio.Terminal(Stdio.Input.NONE, new WindowSize(24, 80))
            : new Stdio.Pipes(Stdio.Input.NONE),
        PauseProcess.joins(cgroup.join()),
        ns,
        tree,
        process(c, argv(c)));
  }

  ExecPlan exec(ContainerRecord c, List<String> command, Optional<WindowSize> size) {
    Set<Namespace> enter =
        EnumSet.of(Namespace.MOUNT, Namespace.NETWORK, Namespace.IPC, Namespace.UTS);
    return new ExecPlan(enter, CgroupJoins.NONE, Optional.empty(), size, process(c, command));
  }

  ProcessUser user(ContainerRecord c) {
    return new ProcessUser(0, 0, List.of(), "/");
  }

  void check(PodRecord pod, ContainerRecord c) {}
}
