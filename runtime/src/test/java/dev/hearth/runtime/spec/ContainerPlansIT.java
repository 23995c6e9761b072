package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Poller;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupPath;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.cgroup.DeviceRule;
import dev.hearth.runtime.cgroup.Layout;
import dev.hearth.runtime.cgroup.Limits;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.spec.seccomp.Abi;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.ShimLauncher;
import dev.hearth.shim.Supervision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts what was compiled, under the real shim, and looks at it from inside. */
@NeedsRoot
class ContainerPlansIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final CgroupPath parent =
      new CgroupPath("/hearth-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
  private final BlockingCalls blocking = new BlockingCalls(2);
  private final Requests request = new Requests();
  private Path folder;
  private Poller poller;
  private ShimLauncher launcher;
  private Cgroups cgroups;
  private ContainerPlans plans;
  private Limits limits = Limits.NONE;

  @BeforeEach
  void prepare(@TempDir Path temporary) throws Exception {
    folder = temporary;
    Path root = Files.createDirectory(folder.resolve("rootfs"));
    Files.createDirectories(root.resolve("bin"));
    Path busybox = root.resolve("bin/busybox");
    Files.copy(Path.of("/bin/busybox"), busybox, StandardCopyOption.COPY_ATTRIBUTES);
    for (String applet :
        List.of(
            "sh", "cat", "ls", "id", "grep", "mkdir", "touch", "unshare", "chroot", "mount", "dd",
            "stat", "sleep", "echo", "pwd", "printf", "cut", "wc")) {
      Files.createLink(root.resolve("bin").resolve(applet), busybox);
    }
    Path files = Files.createDirectory(folder.resolve("pod"));
    for (String name : List.of("hosts", "hostname", "resolv.conf")) {
      Files.writeString(files.resolve(name), name + "\n");
    }
    poller = new Poller();
    launcher =
        new ShimLauncher(
            poller,
            Path.of(System.getProperty("hearth.shim", "../shim/target/hearth-shim"))
                .toAbsolutePath());
    cgroups =
        Cgroups.detect(
            new Cgroups.Config(parent, Cgroups.Driver.CGROUPFS),
            blocking,
            InstantSource.system(),
            warning -> {});
    plans =
        new ContainerPlans(
            new NodeFacts(
                Abi.of(System.getProperty("os.arch")),
                "6.1.0",
                "node",
                boundingSet(),
                cgroups.layout().mode() == Layout.Mode.V2,
                false,
                Optional.empty(),
                false),
            new NodeView());
    request.root = new MountSource.Bind(root, false);
    request.network = NamespaceMode.NODE;
    request.ipc = NamespaceMode.CONTAINER;
    request.pins.clear();
  }

  @AfterEach
  void cleanUp() throws Exception {
    cgroups.at(parent).kill();
    cgroups.at(parent).remove(SOON);
    launcher.close();
    poller.close();
    blocking.close();
  }

  private static long boundingSet() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("CapBnd:"))
        .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .findFirst()
        .orElseThrow();
  }

  /** What a shell script in the container says. */
  private List<String> run(String script) throws Exception {
    request.command = List.of("/bin/sh", "-c", script);
    Cgroup group = cgroups.create(parent.child("box"), limits);
    request.cgroupFolders.clear();
    request.cgroupFolders.putAll(group.v1Folders());
    Surroundings around = request.around();
    Path files = folder.resolve("pod");
    around =
        new Surroundings(
            around.root(),
            new Surroundings.PodPaths(
                files.resolve("hosts"),
                files.resolve("hostname"),
                files.resolve("resolv.conf"),
                files.resolve("shm")),
            around.podNamespaces(),
            around.targetPid(),
            around.cgroupFolders(),
            around.sources());
    ContainerPlan plan = plans.compile(request.pod(), request.record(), around);
    if (cgroups.layout().mode() != Layout.Mode.V2) {
      group.update(
          Limits.NONE.withDevices(
              plan.devices().stream()
                  .map(d -> DeviceRule.allow(d.kind(), d.major(), d.minor(), d.access()))
                  .toList()));
    }
    Path log = folder.resolve("log");
    Path exit = folder.resolve("exit");
    Files.deleteIfExists(log);
    Files.deleteIfExists(exit);
    Supervision supervision = Supervision.of(folder.resolve("shim.sock"), exit).withLog(log);
    launcher.launch(
        plan.launch(
            supervision,
            new CgroupJoins(group.join().tasks(), group.join().unified()),
            Optional.empty()),
        SOON);
    long end = System.nanoTime() + SOON.toNanos();
    while (!Files.exists(exit) && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      lines.add(line.split(" ", 4)[3]);
    }
    group.kill();
    group.remove(SOON);
    return lines;
  }

  @Test
  void confinesAnOrdinaryContainer() throws Exception {
    request.seccomp = SecurityProfile.RUNTIME_DEFAULT;
    request.noNewPrivs = true;
    request.user = new ProcessUser(1000, 1001, List.of(1001L, 7L), "/home/app");
    request.maskedPaths = List.of("/proc/meminfo", "/proc/absent");
    request.readonlyPaths = List.of("/proc/sys");
    request.workingDirectory = "/work/deep";
    limits = new Limits(0, 0, 0, 64 << 20, 0, 20, "", "", Map.of(), Map.of(), List.of());
    List<String> said =
        run(
            """
            id
            pwd
            echo $HOME $HOSTNAME
            grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
            wc -c < /proc/meminfo
            echo 1 2> /dev/null > /proc/sys/vm/swappiness || echo no sysctl
            unshare -m true 2> /dev/null || echo no unshare
            chroot / true 2> /dev/null || echo no chroot
            cat /etc/hostname
            cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2> /dev/null
            touch /sys/fs/cgroup/x 2> /dev/null || echo cgroups are read-only
            echo $$
            echo > /dev/null && echo null
            [ -c /dev/ptmx ] && ls -l /dev/fd > /dev/null && echo links
            touch /dev/shm/x && echo shm
            """);
    assertThat(said)
        .containsExactly(
            "uid=1000 gid=1001 groups=7,1001",
            "/work/deep",
            "/home/app pod-1",
            "CapEff:\t0000000000000000",
            "CapBnd:\t00000000a80425fb",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
            "0",
            "no sysctl",
            "no unshare",
            "no chroot",
            "hostname",
            "67108864",
            "cgroups are read-only",
            "1",
            "null",
            "links",
            "shm");
  }

  @Test
  void handsAPrivilegedContainerTheNode() throws Exception {
    request.privileged = true;
    request.podPrivileged = true;
    request.seccomp = SecurityProfile.RUNTIME_DEFAULT;
    String bounding = "%016x".formatted(boundingSet());
    List<String> said =
        run(
            """
            grep -E '^(CapEff|Seccomp):' /proc/self/status
            ls /dev | wc -l
            unshare -m true && echo unshare
            chroot / /bin/busybox true && echo chroot
            """);
    assertThat(said).contains("CapEff:\t" + bounding, "Seccomp:\t0", "unshare", "chroot");
    assertThat(Integer.parseInt(said.get(2).strip())).isGreaterThan(15);
  }

  @Test
  void enforcesAProfileOfTheNode() throws Exception {
    Path profile = folder.resolve("profile.json");
    Files.writeString(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
          {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}
        ]}
        """);
    request.seccomp = new SecurityProfile(SecurityProfile.Kind.LOCALHOST, "localhost/" + profile);
    assertThat(run("mkdir /x 2>&1; touch /y && echo touched"))
        .containsExactly("mkdir: can't create directory '/x': Operation not supported", "touched");
  }

  @Test
  void keepsTheRootReadOnlyAndVolumesNot() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.writeString(data.resolve("file"), "from the node\n");
    request.readonlyRootfs = true;
    request.imageVolumes = List.of("/volume");
    request.mounts =
        List.of(
            Requests.mount(data.toString(), "/ro", true, MountSpec.Propagation.PRIVATE),
            Requests.mount(data.toString(), "/ro/../rw", false, MountSpec.Propagation.PRIVATE));
    assertThat(
            run(
                """
                touch /x 2> /dev/null || echo root
                touch /etc/hosts 2> /dev/null || echo hosts
                touch /ro/x 2> /dev/null || echo ro
                touch /volume/x && echo volume
                cat /ro/file && echo new > /rw/new && echo rw
                """))
        .containsExactly("root", "hosts", "ro", "volume", "from the node", "rw");
    assertThat(data.resolve("new")).hasContent("new");
  }
}
