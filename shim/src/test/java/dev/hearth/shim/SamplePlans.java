package dev.hearth.shim;

import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Propagation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Plans with something of everything in them. */
final class SamplePlans {
  private SamplePlans() {}

  static IdMaps idMaps() {
    List<IdMaps.Range> ranges = List.of(new IdMaps.Range(0, 100_000, 65_536));
    return new IdMaps(ranges, ranges);
  }

  static PinPlan pin() {
    return new PinPlan(
        Map.of(Namespace.USER, Path.of("/run/pins/user"), Namespace.UTS, Path.of("/run/pins/uts")),
        idMaps(),
        Optional.of("pinned"),
        Map.of(Path.of("/proc/sys/kernel/domainname"), "example"));
  }

  static LaunchPlan everything() {
    return new LaunchPlan(
        supervision(),
        new Stdio.Terminal(Stdio.Input.ONCE, new WindowSize(24, 80)),
        new CgroupJoins(
            List.of(Path.of("/sys/fs/cgroup/memory/c/tasks")),
            Optional.of(Path.of("/sys/fs/cgroup/unified/c"))),
        new NamespaceSetup(
            Set.of(Namespace.MOUNT, Namespace.PID, Namespace.CGROUP),
            Map.of(
                Namespace.USER, Path.of("/run/pins/user"),
                Namespace.NETWORK, Path.of("/run/pins/net")),
            Optional.of(idMaps()),
            Optional.of("name"),
            Map.of("net.ipv4.ip_forward", "1")),
        files(),
        process());
  }

  private static Supervision supervision() {
    return new Supervision(
        Path.of("/run/c/control"),
        Path.of("/run/c/exit"),
        Optional.of(new Supervision.Log(Path.of("/var/log/c"), 16384)),
        Optional.of(Supervision.OomCounter.in(Path.of("/sys/fs/cgroup/memory/c/memory.events"))),
        Optional.of(
            new Supervision.FileWrite(Path.of("/sys/fs/cgroup/unified/c/cgroup.kill"), "1")),
        Duration.ofSeconds(1),
        new CgroupJoins(
            List.of(Path.of("/sys/fs/cgroup/memory/s/tasks")),
            Optional.of(Path.of("/sys/fs/cgroup/unified/s"))),
        OptionalInt.of(-999));
  }

  private static FileTree files() {
    MountSource overlay =
        new MountSource.FileSystem(
            "overlay",
            List.of(
                MountSource.Option.of("lowerdir", "/a:/b"), MountSource.Option.flag("volatile")),
            Set.of(MountAttribute.NO_SUID));
    return new FileTree(
        new RootFileSystem(overlay, List.of(), true, Optional.of(Propagation.SLAVE)),
        List.of(
            new ContainerMount(
                new MountSource.FileSystem("proc", List.of(), Set.of()), "/proc", false, List.of()),
            new ContainerMount(
                new MountSource.Bind(Path.of("/srv/data"), true),
                "/data",
                true,
                List.of(
                    MountChange.mappingIds(false),
                    MountChange.propagating(true, Propagation.PRIVATE),
                    MountChange.setting(true, Set.of(MountAttribute.READ_ONLY))))),
        List.of(new ContainerFolder("/folder", 0x1ED, 1, 2)),
        List.of(DeviceNode.character("/dev/null", 0x1B6, 1, 3)),
        List.of(new ContainerLink("/dev/fd", "/proc/self/fd")),
        List.of("/proc/sys"),
        List.of("/proc/kcore"));
  }

  private static ProcessSetup process() {
    return new ProcessSetup(
        1000,
        1000,
        List.of(5, 6),
        CapabilitySets.of(0xA80425FBL),
        false,
        Optional.of(new SeccompFilter(List.of(SeccompFilter.instruction(6, 0, 0, 0x7fff0000)), 0)),
        List.of(new ResourceLimit(ResourceLimit.Resource.NOFILE, 1024, 4096)),
        ProcessSetup.DEFAULT_UMASK,
        "/work",
        OptionalInt.of(500),
        Optional.of(ExecLabel.apparmor("hearth-default")),
        new Body.Program(List.of("sh", "-c", "true"), List.of("A=B", "C=D"), "/bin:/usr/bin"));
  }
}
