package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NeedsRoot
class NamespacesIT extends ContainerTest {
  private static final IdMaps MAPS =
      new IdMaps(
          List.of(new IdMaps.Range(0, 100_000, 65_536)),
          List.of(new IdMaps.Range(0, 200_000, 65_536)));

  private LaunchPlan plan(String name, NamespaceSetup namespaces, Body body) {
    LaunchPlan plan = bench.plan(name, body);
    return new LaunchPlan(
        plan.supervision(), plan.stdio(), plan.cgroups(), namespaces, plan.files(), plan.process());
  }

  private static String own(Namespace kind) throws Exception {
    return Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind.procName())).toString();
  }

  private static final String LIST =
      "for i in pid net ipc uts mnt cgroup user; do readlink /proc/self/ns/$i; done";

  @Test
  void thoseAskedForAreNewAndTheOthersAreNot() throws Exception {
    String output =
        bench.output(
            plan(
                "c",
                NamespaceSetup.creating(
                    Namespace.PID, Namespace.NETWORK, Namespace.IPC, Namespace.CGROUP),
                Workbench.shell(LIST)));
    assertThat(output.lines())
        .contains(own(Namespace.UTS), own(Namespace.USER))
        .doesNotContain(
            own(Namespace.PID),
            own(Namespace.NETWORK),
            own(Namespace.IPC),
            own(Namespace.MOUNT),
            own(Namespace.CGROUP));
  }

  @Test
  void hostNameAndSysctlsAreSetInTheContainersNamespaces() throws Exception {
    NamespaceSetup namespaces =
        new NamespaceSetup(
            Set.of(Namespace.MOUNT, Namespace.PID, Namespace.UTS, Namespace.NETWORK, Namespace.IPC),
            Map.of(),
            Optional.empty(),
            Optional.of("somewhere"),
            Map.of("net.ipv4.ip_unprivileged_port_start", "77", "kernel.shm_rmid_forced", "1"));
    String before = Files.readString(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start"));
    assertThat(
            bench.output(
                plan(
                    "c",
                    namespaces,
                    Workbench.shell(
                        "hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start"
                            + " /proc/sys/kernel/shm_rmid_forced"))))
        .isEqualTo("somewhere\n77\n1\n");
    assertThat(Files.readString(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start")))
        .isEqualTo(before);
  }

  @Test
  void aSysctlThatIsNotThereIsNamed() {
    NamespaceSetup namespaces =
        new NamespaceSetup(
            Set.of(Namespace.MOUNT),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            Map.of("net.no_such", "1"));
    assertThatThrownBy(() -> bench.start(plan("c", namespaces, Workbench.program("true"))))
        .isInstanceOf(StartFailure.class)
        .hasMessage(
            "set /proc/sys/net/no_such to '1': open /proc/sys/net/no_such: no such file or"
                + " directory");
  }

  @Test
  void existingOnesAreJoined() throws Exception {
    Path net = bench.folder.resolve("net");
    Path ipc = bench.folder.resolve("ipc");
    String pinned =
        Namespaces.inNew(
            Set.of(Namespace.NETWORK, Namespace.IPC),
            () -> {
              Namespaces.pin(Namespace.NETWORK, net);
              Namespaces.pin(Namespace.IPC, ipc);
              return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
            });
    try {
      NamespaceSetup namespaces =
          NamespaceSetup.creating(Namespace.PID)
              .joining(Namespace.NETWORK, net)
              .joining(Namespace.IPC, ipc);
      LaunchPlan plan = plan("c", namespaces, Workbench.shell(LIST + "; sleep 1000"));
      bench.start(plan);
      Workbench.await(() -> bench.logged("stdout").lines().count() == 7);
      assertThat(bench.logged("stdout").lines())
          .contains(pinned, own(Namespace.UTS))
          .doesNotContain(own(Namespace.IPC));
      Workbench.ExecResult exec =
          bench.exec(plan, Workbench.process(Workbench.program("readlink", "/proc/self/ns/net")));
      assertThat(exec.output()).isEqualTo(pinned + "\n");
    } finally {
      Namespaces.unpin(net);
      Namespaces.unpin(ipc);
    }
  }

  @Test
  void aPausedProcessHoldsThePidNamespaceOfOthers() throws Exception {
    LaunchPlan pause = plan("pause", NamespaceSetup.creating(Namespace.PID), new Body.Pause());
    StartedContainer paused = bench.start(pause);
    Path pidNamespace = Path.of("/proc/" + paused.process().pid() + "/ns/pid");
    NamespaceSetup shared =
        NamespaceSetup.creating(Namespace.IPC).joining(Namespace.PID, pidNamespace);
    LaunchPlan first =
        plan("a", shared, Workbench.shell("sh -c 'sleep 0.05 & exec true'; sleep 1000"));
    LaunchPlan second = plan("b", shared, Workbench.program("sleep", "1000"));
    bench.start(first);
    bench.start(second);
    ProcessSetup look = Workbench.process(Workbench.shell("ps -o pid,comm,stat; true"));
    assertThat(bench.exec(second, look).output())
        .contains("pause")
        .containsPattern("(?s)sleep.*sleep");
    // The orphan of the first became the pause process', and that reaps.
    Workbench.await(() -> !bench.exec(second, look).output().contains("Z"));
    // Whatever its containers, or an operator, ask of it by other signals than SIGKILL.
    bench.client("pause").signal(Signals.TERM, Workbench.SOON);
    ProcessSetup attack =
        Workbench.process(Workbench.shell("kill -TERM 1; kill -INT 1; kill -KILL 1"));
    var _ = bench.exec(second, attack);
    assertThat(bench.exec(second, look).output()).contains("pause");
    bench.client("pause").signal(Signals.KILL, Workbench.SOON);
    assertThat(bench.awaitEnd(pause).signal()).isEqualTo(Signals.KILL);
    assertThat(bench.awaitEnd(first).signal()).isEqualTo(Signals.KILL);
    assertThat(bench.awaitEnd(second).signal()).isEqualTo(Signals.KILL);
  }

  @Test
  void orphansInTheHostsPidNamespaceComeToTheShim() throws Exception {
    LaunchPlan plan =
        plan(
            "c",
            NamespaceSetup.creating(Namespace.IPC),
            Workbench.shell("(sh -c 'echo $$; exec sleep 1000' &); sleep 1000"));
    StartedContainer started = bench.start(plan);
    Workbench.await(() -> bench.logged("stdout").endsWith("\n"));
    int orphan = Integer.parseInt(bench.logged("stdout").strip());
    ProcessHandle handle = ProcessHandle.of(orphan).orElseThrow();
    Workbench.await(
        () -> handle.parent().filter(parent -> parent.pid() == started.shimPid()).isPresent());
    assertThat(handle.destroyForcibly()).isTrue();
    Workbench.await(() -> !Files.exists(Path.of("/proc/" + orphan)));
  }

  @Test
  void aNewUserNamespaceMapsItsIds() throws Exception {
    Path data = Files.createDirectory(bench.folder.resolve("data"));
    Files.setAttribute(data, "unix:uid", 100_000);
    Files.setAttribute(data, "unix:gid", 200_000);
    NamespaceSetup namespaces =
        new NamespaceSetup(
            Set.of(
                Namespace.MOUNT,
                Namespace.PID,
                Namespace.USER,
                Namespace.IPC,
                Namespace.UTS,
                Namespace.NETWORK),
            Map.of(),
            Optional.of(MAPS),
            Optional.of("mapped"),
            Map.of("net.ipv4.ip_unprivileged_port_start", "77"));
    LaunchPlan plan = userPlan(namespaces, data);
    StartedContainer started = bench.start(plan);
    assertUserContainer(plan, started, data);
  }

  @Test
  void aPinnedUserNamespaceIsJoined() throws Exception {
    Path data = Files.createDirectory(bench.folder.resolve("data"));
    Files.setAttribute(data, "unix:uid", 100_000);
    Files.setAttribute(data, "unix:gid", 200_000);
    Map<Namespace, Path> pins = new EnumMap<>(Namespace.class);
    for (Namespace kind : Set.of(Namespace.USER, Namespace.NETWORK, Namespace.IPC, Namespace.UTS)) {
      pins.put(kind, bench.folder.resolve(kind.procName()));
    }
    bench.launcher.pin(PinPlan.of(pins, MAPS), Workbench.SOON);
    try {
      NamespaceSetup namespaces =
          new NamespaceSetup(
              Set.of(Namespace.MOUNT, Namespace.PID),
              pins,
              Optional.of(MAPS),
              Optional.of("mapped"),
              Map.of("net.ipv4.ip_unprivileged_port_start", "77"));
      LaunchPlan plan = userPlan(namespaces, data);
      StartedContainer started = bench.start(plan);
      assertUserContainer(plan, started, data);
      assertThat(ProcessIdentity.of(started.process().pid())).isPresent();
    } finally {
      for (Path pin : pins.values()) {
        Namespaces.unpin(pin);
      }
    }
  }

  @Test
  void pinnedNamespacesAreSetUpByTheirOwnRoot() throws Exception {
    Map<Namespace, Path> pins = new EnumMap<>(Namespace.class);
    for (Namespace kind : Set.of(Namespace.USER, Namespace.IPC, Namespace.UTS)) {
      pins.put(kind, bench.folder.resolve(kind.procName()));
    }
    Path setting = Path.of("/proc/sys/kernel/shm_rmid_forced");
    String before = Files.readString(setting);
    bench.launcher.pin(
        new PinPlan(pins, MAPS, Optional.of("pinned"), Map.of(setting, "1")), Workbench.SOON);
    try {
      NamespaceSetup namespaces =
          new NamespaceSetup(
              Set.of(Namespace.MOUNT, Namespace.PID),
              pins,
              Optional.of(MAPS),
              Optional.empty(),
              Map.of());
      LaunchPlan plan = userPlan(namespaces, Files.createDirectory(bench.folder.resolve("data")));
      bench.start(plan);
      Workbench.ExecResult result =
          bench.exec(plan, Workbench.process(Workbench.shell("hostname; cat " + setting)));
      assertThat(result.output()).isEqualTo("pinned\n1\n");
      assertThat(Files.readString(setting)).isEqualTo(before);
    } finally {
      for (Path pin : pins.values()) {
        Namespaces.unpin(pin);
      }
    }
  }

  @Test
  void aPinThatCannotSetUpItsNamespacesSaysSo() {
    PinPlan plan =
        new PinPlan(
            Map.of(Namespace.USER, bench.folder.resolve("user")),
            MAPS,
            Optional.empty(),
            Map.of(Path.of("/proc/sys/kernel/pid_max"), "77"));
    assertThatThrownBy(() -> bench.launcher.pin(plan, Workbench.SOON))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("set /proc/sys/kernel/pid_max to '77'");
    assertThat(bench.folder.resolve("user")).doesNotExist();
  }

  @Test
  void aPidNamespaceOfAUserNamespaceIsJoinedAndToldInTheShimsNumbers() throws Exception {
    Path user = bench.folder.resolve("user");
    bench.launcher.pin(PinPlan.of(Map.of(Namespace.USER, user), MAPS), Workbench.SOON);
    try {
      NamespaceSetup own =
          new NamespaceSetup(
              Set.of(Namespace.MOUNT, Namespace.PID),
              Map.of(Namespace.USER, user),
              Optional.of(MAPS),
              Optional.empty(),
              Map.of());
      StartedContainer paused = bench.start(withoutDevices(plan("pause", own, new Body.Pause())));
      NamespaceSetup shared =
          new NamespaceSetup(
              Set.of(Namespace.MOUNT),
              Map.of(
                  Namespace.USER,
                  user,
                  Namespace.PID,
                  Path.of("/proc/" + paused.process().pid() + "/ns/pid")),
              Optional.of(MAPS),
              Optional.empty(),
              Map.of());
      LaunchPlan plan = withoutDevices(plan("a", shared, Workbench.program("sleep", "1000")));
      StartedContainer started = bench.start(plan);
      assertThat(Files.readString(Path.of("/proc/" + started.process().pid() + "/cmdline")))
          .startsWith("sleep");
      assertThat(bench.exec(plan, Workbench.process(Workbench.shell("echo $$"))).output())
          .matches("[0-9]+\n");
      bench.client("a").signal(Signals.KILL, Workbench.SOON);
      assertThat(bench.awaitEnd(plan).signal()).isEqualTo(Signals.KILL);
    } finally {
      Namespaces.unpin(user);
    }
  }

  /** A user namespace may make none. */
  private static LaunchPlan withoutDevices(LaunchPlan plan) {
    return new LaunchPlan(
        plan.supervision(),
        plan.stdio(),
        plan.cgroups(),
        plan.namespaces(),
        FileTree.of(plan.files().root(), plan.files().mounts()),
        plan.process());
  }

  private LaunchPlan userPlan(NamespaceSetup namespaces, Path data) {
    MountSource root = new MountSource.Bind(bench.rootfs, false);
    List<ContainerMount> mounts = new ArrayList<>(Workbench.standardMounts());
    mounts.add(Workbench.mount("/data", new MountSource.Bind(data, false)));
    mounts.add(
        Workbench.mount(
            "/mapped", new MountSource.Bind(bench.rootfs, false), MountChange.mappingIds(false)));
    mounts.add(Workbench.mount("/dev/null", new MountSource.Bind(Path.of("/dev/null"), false)));
    FileTree files =
        new FileTree(
            new RootFileSystem(
                root, List.of(MountChange.mappingIds(false)), false, Optional.empty()),
            mounts,
            List.of(),
            List.of(),
            List.of(),
            List.of("/proc/sys"),
            List.of("/proc/kcore", "/etc"));
    LaunchPlan plan =
        bench.plan("c", Workbench.shell("id -u; echo again >/proc/self/fd/1; sleep 1000"));
    return new LaunchPlan(
        plan.supervision(),
        plan.stdio(),
        plan.cgroups(),
        namespaces,
        files,
        plan.process().withUser(1000, 1000, List.of(5)));
  }

  private void assertUserContainer(LaunchPlan plan, StartedContainer started, Path data)
      throws Exception {
    assertThat(started.warnings()).isEmpty();
    assertThat(Files.readString(Path.of("/proc/" + started.process().pid() + "/status")))
        .contains("Uid:\t101000\t101000\t101000\t101000")
        .contains("Gid:\t201000\t201000\t201000\t201000")
        .contains("Groups:\t200005");
    Workbench.await(() -> bench.logged("stdout").equals("1000\nagain\n"));
    ProcessSetup root =
        Workbench.process(
            Workbench.shell(
                "id -u; hostname; echo x >/data/made; stat -c %u /data /mapped/bin /bin;"
                    + " cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo y >/proc/self/fd/1;"
                    + " ls /etc; echo z >/dev/null"));
    Workbench.ExecResult result = bench.exec(plan, root);
    assertThat(result.error()).isEmpty();
    assertThat(result.output()).isEqualTo("0\nmapped\n0\n0\n0\n77\ny\n");
    assertThat(Files.getAttribute(data.resolve("made"), "unix:uid")).isEqualTo(100_000);
    ProcessSetup user = root.withUser(7, 7, List.of()).withBody(Workbench.shell("id -u"));
    assertThat(bench.exec(plan, user).output()).isEqualTo("7\n");
  }
}
