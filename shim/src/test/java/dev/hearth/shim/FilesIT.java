package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.Propagation;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NeedsRoot
class FilesIT extends ContainerTest {
  private static final int PRIVATE = 0x1C0;
  private static final MountSource TMPFS =
      new MountSource.FileSystem("tmpfs", List.of(), Set.of(MountAttribute.NO_DEVICES));

  private LaunchPlan plan(FileTree files, String script) {
    LaunchPlan plan = bench.plan("c", Workbench.shell(script));
    return new LaunchPlan(
        plan.supervision(), plan.stdio(), plan.cgroups(), plan.namespaces(), files, plan.process());
  }

  private FileTree with(ContainerMount... mounts) {
    List<ContainerMount> all = new ArrayList<>(Workbench.standardMounts());
    all.addAll(List.of(mounts));
    return FileTree.of(bench.root(), all);
  }

  private FileTree with(
      List<DeviceNode> devices,
      List<ContainerLink> links,
      List<String> readOnly,
      List<String> masked) {
    return new FileTree(
        bench.root(), Workbench.standardMounts(), List.of(), devices, links, readOnly, masked);
  }

  private Path hostFolder(String name) throws Exception {
    Path folder = Files.createDirectory(bench.folder.resolve(name));
    Files.writeString(folder.resolve("file"), "of " + name + "\n");
    return folder;
  }

  private static MountChange readOnly(boolean recursive) {
    return MountChange.setting(recursive, Set.of(MountAttribute.READ_ONLY));
  }

  @Test
  void onlyTheContainersMountsAreThere() throws Exception {
    assertThat(bench.outputOf("cut -d' ' -f5 /proc/self/mountinfo"))
        .isEqualTo("/\n/proc\n/dev\n/dev/pts\n");
  }

  @Test
  void foldersAndFilesOfTheHostAreBound() throws Exception {
    Path data = hostFolder("data");
    String output =
        bench.output(
            plan(
                with(
                    Workbench.mount("/deep/down/data", new MountSource.Bind(data, true)),
                    Workbench.mount(
                        "/new/folder/name", new MountSource.Bind(data.resolve("file"), true))),
                "cat /deep/down/data/file /new/folder/name; echo more >>/new/folder/name"));
    assertThat(output).isEqualTo("of data\nof data\n");
    assertThat(data.resolve("file")).hasContent("of data\nmore\n");
  }

  @Test
  void aBindMayBeReadOnlyWithAllBelowIt() throws Exception {
    Path data = hostFolder("data");
    Path below = Files.createDirectory(data.resolve("below"));
    String script =
        "touch /flat/x || echo flat; touch /flat/below/x || echo flat below;"
            + " touch /all/x || echo all; touch /all/below/x || echo all below";
    Mounts.mount("none", below, "tmpfs", Set.of(), "");
    try {
      String output =
          bench.output(
              plan(
                  with(
                      Workbench.mount("/flat", new MountSource.Bind(data, true), readOnly(false)),
                      Workbench.mount("/all", new MountSource.Bind(data, true), readOnly(true))),
                  script));
      assertThat(output).isEqualTo("flat\nall\nall below\n");
      assertThat(below.resolve("x")).exists();
    } finally {
      Mounts.unmount(below, Set.of(UnmountFlag.DETACH));
    }
  }

  @Test
  void propagationIsAsAsked() throws Exception {
    Path shared = Files.createDirectory(bench.folder.resolve("shared"));
    Mounts.mount("none", shared, "tmpfs", Set.of(), "");
    try {
      Mounts.setPropagation(shared, Propagation.SHARED, false);
      Path later = Files.createDirectory(shared.resolve("later"));
      LaunchPlan plan =
          plan(
              with(
                  Workbench.mount(
                      "/private",
                      new MountSource.Bind(shared, true),
                      MountChange.propagating(true, Propagation.PRIVATE)),
                  Workbench.mount(
                      "/slave",
                      new MountSource.Bind(shared, true),
                      MountChange.propagating(true, Propagation.SLAVE)),
                  Workbench.mount(
                      "/shared",
                      new MountSource.Bind(shared, true),
                      MountChange.propagating(true, Propagation.SHARED))),
              "echo up; sleep 1000");
      bench.start(plan);
      Mounts.mount("none", later, "tmpfs", Set.of(), "");
      Files.writeString(later.resolve("x"), "");
      ProcessSetup look =
          Workbench.process(
              Workbench.shell(
                  "cd /; for i in private slave shared; do test -e $i/later/x && echo $i; done"));
      assertThat(bench.exec(plan, look).output()).isEqualTo("slave\nshared\n");
    } finally {
      Mounts.unmount(shared, Set.of(UnmountFlag.DETACH));
    }
  }

  @Test
  void aMountMadeBeforehandMayBeTheRoot() throws Exception {
    try (Fd mount = DetachedMounts.copy(bench.rootfs, false);
        Fd data = DetachedMounts.copy(hostFolder("data"), false)) {
      FileTree tree =
          FileTree.of(
              RootFileSystem.of(new MountSource.Detached(mount)),
              List.of(Workbench.mount("/data", new MountSource.Detached(data))));
      assertThat(bench.output(plan(tree, "cat /data/file"))).isEqualTo("of data\n");
    }
  }

  @Test
  void anOverlayMayBeTheRoot() throws Exception {
    Path upper = Files.createDirectory(bench.folder.resolve("upper"));
    Path work = Files.createDirectory(bench.folder.resolve("work"));
    try (FileSystemContext overlay = FileSystemContext.open("overlay")) {
      overlay.set("lowerdir", bench.rootfs.toString());
      overlay.set("upperdir", upper.toString());
      overlay.set("workdir", work.toString());
      overlay.set("volatile");
      overlay.create();
      try (Fd mount = overlay.mount(Set.of())) {
        FileTree tree = FileTree.of(RootFileSystem.of(new MountSource.Detached(mount)), List.of());
        assertThat(bench.output(plan(tree, "echo x >/written; cat /written"))).isEqualTo("x\n");
      }
    }
    assertThat(upper.resolve("written")).hasContent("x\n");
    assertThat(bench.rootfs.resolve("written")).doesNotExist();
  }

  @Test
  void theRootMayBeReadOnly() throws Exception {
    FileTree tree =
        FileTree.of(bench.root().asReadOnly(), List.of(Workbench.mount("/made/for/it", TMPFS)));
    assertThat(bench.output(plan(tree, "touch /x || echo no; touch /made/for/it/x && echo yes")))
        .isEqualTo("no\nyes\n");
  }

  @Test
  void devicesAndLinksAreMade() throws Exception {
    FileTree tree =
        with(
            List.of(
                DeviceNode.character("/dev/null", 0666, 1, 3),
                new DeviceNode("/dev/sub/zero", 0x2000 | 0640, 1, 5, 7, 8)),
            List.of(new ContainerLink("/dev/fd", "/proc/self/fd")),
            List.of(),
            List.of());
    assertThat(
            bench.output(
                plan(
                    tree,
                    "echo x >/dev/null; stat -c '%a %u %g %t,%T' /dev/sub/zero /dev/null;"
                        + " readlink /dev/fd")))
        .isEqualTo("640 7 8 1,5\n666 0 0 1,3\n/proc/self/fd\n");
  }

  @Test
  void foldersAreMadeWithTheirModeAndOwner() throws Exception {
    Files.setPosixFilePermissions(
        bench.rootfs.resolve("etc"), PosixFilePermissions.fromString("rwx--x--x"));
    FileTree tree =
        new FileTree(
            bench.root(),
            Workbench.standardMounts(),
            List.of(
                new ContainerFolder("/new/below/", PRIVATE, 7, 8),
                new ContainerFolder("/etc", PRIVATE, 7, 8)),
            List.of(),
            List.of(),
            List.of(),
            List.of());
    assertThat(bench.output(plan(tree, "stat -c '%a %u %g' /new /new/below /etc")))
        .isEqualTo("755 0 0\n700 7 8\n711 0 0\n");
  }

  @Test
  void maskedPathsShowNothing() throws Exception {
    Files.writeString(bench.rootfs.resolve("etc/secret"), "secret");
    Files.createDirectory(bench.rootfs.resolve("etc/keys"));
    Files.writeString(bench.rootfs.resolve("etc/keys/key"), "secret");
    Files.createDirectory(bench.rootfs.resolve("etc/more"));
    Files.writeString(bench.rootfs.resolve("etc/more/key"), "secret");
    FileTree tree =
        with(
            List.of(),
            List.of(),
            List.of(),
            List.of(
                "/etc/secret", "/etc/keys", "/etc/more", "/proc/kcore", "/absent", "/bin/no/x"));
    assertThat(
            bench.output(
                plan(
                    tree,
                    "cat /etc/secret; cat /etc/keys/* /etc/more/*; touch /etc/keys/x || echo no;"
                        + " stat -c %t,%T /etc/secret")))
        .isEqualTo("no\n1,3\n");
    assertThat(bench.rootfs.resolve("absent")).doesNotExist();
  }

  @Test
  void readOnlyPathsAreReadOnlyWithAllBelowThem() throws Exception {
    FileTree tree = with(List.of(), List.of(), List.of("/proc", "/etc", "/absent"), List.of());
    assertThat(
            bench.output(
                plan(
                    tree,
                    "touch /etc/x || echo etc; echo 1 2>/dev/null >/proc/self/oom_score_adj || echo"
                        + " proc; touch /tmp/x && echo tmp")))
        .isEqualTo("etc\nproc\ntmp\n");
  }

  @Test
  void aLinkAsATargetStaysInside() throws Exception {
    // Each of these leads out of the container, were it followed by the host's rules.
    Path host = hostFolder("host");
    Files.createSymbolicLink(bench.rootfs.resolve("absolute"), host);
    Files.createSymbolicLink(bench.rootfs.resolve("relative"), Path.of("../../../.." + host));
    Files.createSymbolicLink(bench.rootfs.resolve("var"), Path.of("/../../run/dangling"));
    Path data = hostFolder("data");
    MountSource bind = new MountSource.Bind(data, true);
    String output =
        bench.output(
            plan(
                with(
                    Workbench.mount("/absolute/made", bind),
                    Workbench.mount("/relative/made", bind),
                    Workbench.mount("/var/made", bind)),
                "cat /absolute/made/file /relative/made/file /var/made/file"));
    assertThat(output).isEqualTo("of data\nof data\nof data\n");
    assertThat(host.resolve("made")).doesNotExist();
    assertThat(bench.rootfs.resolve("run/dangling/made")).isDirectory();
  }

  @Test
  void aFileMayBeMountedWhereADanglingLinkPoints() throws Exception {
    Files.createSymbolicLink(
        bench.rootfs.resolve("etc/resolv.conf"), Path.of("../run/resolve/resolv.conf"));
    Path file = hostFolder("data").resolve("file");
    assertThat(
            bench.output(
                plan(
                    with(Workbench.mount("/etc/resolv.conf", new MountSource.Bind(file, false))),
                    "cat /etc/resolv.conf; readlink /etc/resolv.conf")))
        .isEqualTo("of data\n../run/resolve/resolv.conf\n");
  }

  @Test
  void linksThatGoRoundInCirclesFail() throws Exception {
    Files.createSymbolicLink(bench.rootfs.resolve("round"), Path.of("about"));
    Files.createSymbolicLink(bench.rootfs.resolve("about"), Path.of("round"));
    LaunchPlan plan = plan(with(Workbench.mount("/round/data", TMPFS)), "true");
    assertThatThrownBy(() -> bench.start(plan))
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("too many levels of symbolic links");
  }

  @Test
  void aMountThatMustNotFollowLinksDoesNot() throws Exception {
    Files.delete(bench.rootfs.resolve("proc"));
    Files.createSymbolicLink(bench.rootfs.resolve("proc"), Path.of("/etc"));
    ContainerMount proc =
        new ContainerMount(
            new MountSource.FileSystem("proc", List.of(), Set.of()), "/proc", false, List.of());
    LaunchPlan plan = plan(FileTree.of(bench.root(), List.of(proc)), "true");
    assertThatThrownBy(() -> bench.start(plan))
        .isInstanceOf(StartFailure.class)
        .hasMessageStartingWith("mount /proc: ");
  }

  @Test
  void magicLinksAreNeverFollowed() throws Exception {
    LaunchPlan plan = plan(with(Workbench.mount("/proc/self/fd/5/x", TMPFS)), "true");
    assertThatThrownBy(() -> bench.start(plan)).isInstanceOf(StartFailure.class);
    LaunchPlan root = plan(with(Workbench.mount("/proc/1/root/etc", TMPFS)), "true");
    assertThatThrownBy(() -> bench.start(root)).isInstanceOf(StartFailure.class);
  }

  @Test
  void aDeviceIsNotMadeThroughALink() throws Exception {
    Path host = hostFolder("host");
    Files.createSymbolicLink(bench.rootfs.resolve("link"), host);
    Files.createSymbolicLink(bench.rootfs.resolve("null"), host.resolve("null"));
    FileTree tree =
        with(
            List.of(DeviceNode.character("/link/null", 0666, 1, 3)),
            List.of(),
            List.of(),
            List.of());
    bench.run(plan(tree, "true"));
    assertThat(host.resolve("null")).doesNotExist();
    LaunchPlan plan =
        plan(
            with(
                List.of(DeviceNode.character("/null", 0666, 1, 3)),
                List.of(),
                List.of(),
                List.of()),
            "true");
    assertThatThrownBy(() -> bench.start(plan)).hasMessageContaining("file exists");
    assertThat(host.resolve("null")).doesNotExist();
  }

  @Test
  void theRootKeepsItsPropagation() throws Exception {
    RootFileSystem root =
        new RootFileSystem(
            bench.root().source(), List.of(), false, Optional.of(Propagation.SHARED));
    assertThat(
            bench.output(
                plan(
                    FileTree.of(root, Workbench.standardMounts()),
                    "grep -c 'shared:' /proc/self/mountinfo")))
        .isEqualTo("1\n");
  }
}
