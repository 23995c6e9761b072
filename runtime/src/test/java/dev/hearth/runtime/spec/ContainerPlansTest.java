package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Propagation;
import dev.hearth.runtime.model.DeviceSpec;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.SelinuxLabel;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.runtime.spec.seccomp.Abi;
import dev.hearth.shim.Body;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ContainerMount;
import dev.hearth.shim.DeviceNode;
import dev.hearth.shim.ExecPlan;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.Stdio;
import dev.hearth.shim.WindowSize;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContainerPlansTest {
  private static final long EVERYTHING = (1L << 41) - 1;

  private static final HostView HOST =
      new HostView() {
        @Override
        public List<DeviceNode> devices(Path path) {
          return path.endsWith("dri")
              ? List.of(
                  DeviceNode.character(path + "/card0", 0660, 226, 0),
                  DeviceNode.character(path + "/deep/render", 0660, 226, 128))
              : List.of(DeviceNode.block(path.toString(), 0660, 8, 1));
        }

        @Override
        public List<DeviceNode> allDevices() {
          return List.of(
              DeviceNode.character("/dev/null", 0666, 1, 3),
              DeviceNode.character("/dev/kvm", 0666, 10, 232));
        }

        @Override
        public String seccompProfile(String path) {
          return "{\"defaultAction\": \"SCMP_ACT_LOG\"}";
        }

        @Override
        public boolean appArmorLoaded(String profile) {
          return profile.equals("loaded");
        }
      };

  private final Requests request = new Requests();

  private static ContainerPlans plans(boolean unified) {
    NodeFacts facts =
        new NodeFacts(
            Abi.X86_64, "6.1.0", "node-1", EVERYTHING, unified, false, Optional.empty(), false);
    return new ContainerPlans(facts, HOST);
  }

  private ContainerPlan compile() {
    return plans(false).compile(request.pod(), request.record(), request.around());
  }

  private ContainerPlan compileUnified() {
    request.cgroupFolders.clear();
    return plans(true).compile(request.pod(), request.record(), request.around());
  }

  private Body.Program program() {
    return (Body.Program) compile().process().body();
  }

  private static List<String> targets(ContainerPlan plan) {
    return plan.files().mounts().stream().map(ContainerMount::target).toList();
  }

  private static ContainerMount mount(ContainerPlan plan, String target) {
    return plan.files().mounts().stream()
        .filter(m -> m.target().equals(target))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void runsWhatKubernetesSays() {
    request.imageEntrypoint = List.of("/entry");
    request.imageCommand = List.of("image-arg");
    request.command = List.of();
    assertThat(program().arguments()).containsExactly("/entry", "image-arg");
    request.args = List.of("arg");
    assertThat(program().arguments()).containsExactly("/entry", "arg");
    request.command = List.of("cmd");
    assertThat(program().arguments()).containsExactly("cmd", "arg");
    request.args = List.of();
    assertThat(program().arguments()).containsExactly("cmd");
    request.command = List.of();
    request.imageEntrypoint = List.of();
    request.imageCommand = List.of();
    assertThatThrownBy(this::compile)
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("has no command");
  }

  @Test
  void layersTheEnvironment() {
    request.imageEnvironment = List.of("A=image", "B=image", "nonsense", "=x", "PATH=/opt");
    request.environment =
        List.of(new EnvironmentVariable("A", "request"), new EnvironmentVariable("E", ""));
    request.tty = true;
    assertThat(program().environment())
        .containsExactly(
            "PATH=/opt",
            "TERM=xterm",
            "HOSTNAME=pod-1",
            "A=request",
            "B=image",
            "E=",
            "HOME=/root");
    assertThat(program().searchPath()).isEqualTo("/opt");
    request.imageEnvironment = List.of("HOME=/mine");
    request.tty = false;
    request.hostName = "";
    assertThat(program().environment())
        .contains("HOME=/mine", "HOSTNAME=node-1", "E=")
        .anyMatch(v -> v.startsWith("PATH=/usr/local/sbin:"))
        .noneMatch(v -> v.startsWith("TERM="));
  }

  @Test
  void startsInTheFolderAskedFor() {
    assertThat(compile().process().workingDirectory()).isEqualTo("/");
    request.imageWorkingDirectory = "srv/../app//";
    assertThat(compile().process().workingDirectory()).isEqualTo("/app");
    request.workingDirectory = "/data";
    assertThat(compile().process().workingDirectory()).isEqualTo("/data");
  }

  @Test
  void becomesTheUser() {
    request.user = new ProcessUser(4_294_967_294L, 100, List.of(100L, 4_000_000_000L), "/");
    var process = compile().process();
    assertThat(Integer.toUnsignedLong(process.uid())).isEqualTo(4_294_967_294L);
    assertThat(process.groups()).containsExactly(100, (int) 4_000_000_000L);
  }

  @Test
  void givesEveryContainerItsFileSystems() {
    request.maskedPaths = List.of("/proc/kcore");
    request.readonlyPaths = List.of("/proc/sys");
    ContainerPlan plan = compile();
    assertThat(targets(plan))
        .containsExactly(
            "/proc",
            "/dev",
            "/dev/pts",
            "/dev/mqueue",
            "/sys",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/cpu,cpuacct",
            "/sys/fs/cgroup/memory",
            "/etc/hosts",
            "/etc/hostname",
            "/etc/resolv.conf",
            "/dev/shm");
    assertThat(((MountSource.FileSystem) mount(plan, "/sys").source()).attributes())
        .contains(MountAttribute.READ_ONLY);
    assertThat(plan.files().links())
        .extracting(link -> link.path() + " " + link.target())
        .contains("/sys/fs/cgroup/cpu cpu,cpuacct", "/dev/ptmx pts/ptmx");
    assertThat(plan.files().readOnly()).containsExactly("/sys/fs/cgroup", "/proc/sys");
    assertThat(plan.files().masked()).containsExactly("/proc/kcore");
    assertThat(plan.files().devices()).hasSize(6);
    assertThat(plan.namespaces().created())
        .containsExactlyInAnyOrder(Namespace.MOUNT, Namespace.PID);
  }

  @Test
  void mountsCgroupsThroughANamespaceOnV2() {
    ContainerPlan plan = compileUnified();
    assertThat(plan.namespaces().created()).contains(Namespace.CGROUP);
    var source = (MountSource.FileSystem) mount(plan, "/sys/fs/cgroup").source();
    assertThat(source.type()).isEqualTo("cgroup2");
    assertThat(source.attributes()).contains(MountAttribute.READ_ONLY);
    assertThat(plan.files().readOnly()).isEmpty();
  }

  @Test
  void givesAPrivilegedContainerTheNode() {
    request.privileged = true;
    request.maskedPaths = List.of("/proc/kcore");
    request.readonlyPaths = List.of("/proc/sys");
    request.seccomp = SecurityProfile.RUNTIME_DEFAULT;
    assertThatThrownBy(this::compile)
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("sandbox is not");
    request.podPrivileged = true;
    ContainerPlan plan = compile();
    assertThat(plan.files().masked()).isEmpty();
    assertThat(plan.files().readOnly()).isEmpty();
    assertThat(plan.process().seccomp()).isEmpty();
    assertThat(plan.process().capabilities().permitted()).isEqualTo(EVERYTHING);
    assertThat(plan.files().devices()).extracting(DeviceNode::path).contains("/dev/kvm");
    assertThat(plan.devices()).containsExactly(DeviceAccess.ALL);
    assertThat(((MountSource.FileSystem) mount(plan, "/sys").source()).attributes())
        .doesNotContain(MountAttribute.READ_ONLY);
    assertThat(compileUnified().namespaces().created()).doesNotContain(Namespace.CGROUP);
  }

  @Test
  void mountsUpperFoldersFirst() {
    request.mounts =
        List.of(
            Requests.mount("/host/c", "/a/b/c", false, MountSpec.Propagation.PRIVATE),
            Requests.mount("/host/a", "a/", true, MountSpec.Propagation.HOST_TO_CONTAINER),
            Requests.mount("/host/b", "/a/./b", false, MountSpec.Propagation.PRIVATE));
    ContainerPlan plan = compile();
    assertThat(targets(plan)).containsSubsequence("/sys", "/a", "/a/b", "/a/b/c");
    ContainerMount a = mount(plan, "/a");
    assertThat(a.source()).isEqualTo(new MountSource.Bind(Path.of("/host/a"), true));
    assertThat(a.changes().getFirst().propagation()).contains(Propagation.SLAVE);
    assertThat(a.changes().get(1).set()).containsExactly(MountAttribute.READ_ONLY);
    assertThat(a.changes().get(1).recursive()).isFalse();
    assertThat(plan.files().root().propagation()).contains(Propagation.SLAVE);
    assertThat(plan.boundPaths())
        .containsExactly(Path.of("/host/c"), Path.of("/host/a"), Path.of("/host/b"));
  }

  @Test
  void makesWholeTreesReadOnlyWhenAsked() {
    request.mounts =
        List.of(
            new MountSpec(
                "/a",
                "/x",
                true,
                true,
                false,
                MountSpec.Propagation.PRIVATE,
                Optional.empty(),
                "",
                "",
                List.of("noexec", "rnosuid", "rw")));
    assertThat(mount(compile(), "/a").changes())
        .anyMatch(c -> c.recursive() && c.set().contains(MountAttribute.READ_ONLY))
        .anyMatch(c -> !c.recursive() && c.set().contains(MountAttribute.NO_EXEC))
        .anyMatch(c -> c.recursive() && c.set().contains(MountAttribute.NO_SUID))
        .anyMatch(c -> c.clear().contains(MountAttribute.READ_ONLY));
    request.mounts =
        List.of(
            new MountSpec(
                "/a",
                "/x",
                false,
                false,
                false,
                MountSpec.Propagation.PRIVATE,
                Optional.empty(),
                "",
                "",
                List.of("magic")));
    assertThatThrownBy(this::compile).hasMessageContaining("unknown option magic");
  }

  @Test
  void letsARequestTakeThePlaceOfWhatIsUsuallyThere() {
    request.mounts =
        List.of(
            Requests.mount("/dev", "/dev", false, MountSpec.Propagation.PRIVATE),
            Requests.mount("/sys", "/sys", true, MountSpec.Propagation.PRIVATE),
            Requests.mount("/pods/hosts", "/etc/hosts", false, MountSpec.Propagation.PRIVATE));
    ContainerPlan plan = compile();
    assertThat(targets(plan))
        .containsExactly(
            "/proc", "/dev", "/sys", "/etc/hostname", "/etc/resolv.conf", "/dev/shm", "/etc/hosts");
    assertThat(plan.files().devices()).isEmpty();
    assertThat(plan.files().links()).isEmpty();
    assertThat(plan.files().readOnly()).isEmpty();
  }

  @Test
  void refusesToMountOnTheRoot() {
    request.mounts = List.of(Requests.mount("/x", "/a/..", false, MountSpec.Propagation.PRIVATE));
    assertThatThrownBy(this::compile).isInstanceOf(HearthException.InvalidRequest.class);
  }

  @Test
  void needsASourceForWhatCannotSimplyBeBound() {
    request.mounts =
        List.of(Requests.mount("/x", "/x", false, MountSpec.Propagation.BIDIRECTIONAL));
    assertThat(ContainerPlans.needsSource(request.mounts.getFirst())).isTrue();
    assertThatThrownBy(this::compile).isInstanceOf(HearthException.Unsupported.class);
    MountSource prepared = new MountSource.Bind(Path.of("/prepared"), true);
    request.sources = Map.of("/x", prepared);
    ContainerPlan plan = compile();
    assertThat(mount(plan, "/x").source()).isSameAs(prepared);
    assertThat(plan.files().root().propagation()).contains(Propagation.SHARED);
  }

  @Test
  void keepsAnImagesVolumesWritable() {
    request.imageVolumes = List.of("/data", "logs/");
    assertThat(compile().files().folders()).extracting("path").containsExactly("/data", "/logs");
    request.readonlyRootfs = true;
    request.mounts = List.of(Requests.mount("/x", "/data", false, MountSpec.Propagation.PRIVATE));
    ContainerPlan plan = compile();
    assertThat(plan.files().root().readOnly()).isTrue();
    assertThat(plan.files().folders()).isEmpty();
    assertThat(mount(plan, "/logs").source()).isInstanceOf(MountSource.FileSystem.class);
    assertThat(mount(plan, "/data").source()).isInstanceOf(MountSource.Bind.class);
    assertThat(mount(plan, "/etc/hosts").changes())
        .anyMatch(c -> c.set().contains(MountAttribute.READ_ONLY));
  }

  @Test
  void addsDevicesWithTheirShape() {
    request.devices =
        List.of(
            new DeviceSpec("/dev/disk", "/dev/vda1", "r"),
            new DeviceSpec("/dev/gpu", "/dev/dri", ""));
    ContainerPlan plan = compile();
    assertThat(plan.files().devices())
        .extracting(DeviceNode::path)
        .contains("/dev/null", "/dev/disk", "/dev/gpu/card0", "/dev/gpu/deep/render");
    assertThat(plan.devices())
        .contains(
            new DeviceAccess('b', 8, 1, "r"),
            new DeviceAccess('c', 226, 128, "rwm"),
            new DeviceAccess('c', 1, 3, "rwm"),
            new DeviceAccess('c', -1, -1, "m"));
  }

  @Test
  void joinsThePodsNamespaces() {
    ContainerPlan plan = compile();
    assertThat(plan.namespaces().joined())
        .containsOnlyKeys(Namespace.NETWORK, Namespace.UTS, Namespace.IPC);
    request.pid = NamespaceMode.POD;
    assertThatThrownBy(this::compile).hasMessageContaining("made without one");
    request.pins.put(Namespace.PID, Path.of("/pin/pid"));
    assertThat(compile().namespaces().joined()).containsEntry(Namespace.PID, Path.of("/pin/pid"));
  }

  @Test
  void staysInTheNodesNamespaces() {
    request.network = NamespaceMode.NODE;
    request.pid = NamespaceMode.NODE;
    request.ipc = NamespaceMode.NODE;
    ContainerPlan plan = compile();
    assertThat(plan.namespaces().created()).containsExactly(Namespace.MOUNT);
    assertThat(plan.namespaces().joined()).isEmpty();
    assertThat(mount(plan, "/dev/shm").source())
        .isEqualTo(new MountSource.Bind(Path.of("/dev/shm"), false));
  }

  @Test
  void looksIntoATargetContainer() {
    request.pid = NamespaceMode.TARGET;
    request.target = "d".repeat(64);
    assertThatThrownBy(this::compile).isInstanceOf(HearthException.WrongState.class);
    request.targetPid = Optional.of(Path.of("/proc/77/ns/pid"));
    assertThat(compile().namespaces().joined())
        .containsEntry(Namespace.PID, Path.of("/proc/77/ns/pid"));
  }

  @Test
  void hasItsOwnIpc() {
    request.ipc = NamespaceMode.CONTAINER;
    ContainerPlan plan = compile();
    assertThat(plan.namespaces().created()).contains(Namespace.IPC);
    assertThat(mount(plan, "/dev/shm").source()).isInstanceOf(MountSource.FileSystem.class);
  }

  @Test
  void bindsDevicesInAUserNamespace() {
    List<IdMapping> ids = List.of(new IdMapping(3_000_000_000L, 0, 65_536));
    request.users = Optional.of(new UserNamespace(ids, ids));
    request.pins.put(Namespace.USER, Path.of("/pin/user"));
    ContainerPlan plan = compile();
    assertThat(plan.files().devices()).isEmpty();
    assertThat(targets(plan)).contains("/dev/null", "/dev/tty");
    assertThat(plan.namespaces().joined()).containsKey(Namespace.USER);
    assertThat(plan.namespaces().idMaps().orElseThrow().users().getFirst().outside())
        .isEqualTo((int) 3_000_000_000L);
  }

  @Test
  void filtersSystemCalls() {
    assertThat(compile().process().seccomp()).isEmpty();
    request.seccomp = SecurityProfile.RUNTIME_DEFAULT;
    assertThat(compile().process().seccomp().orElseThrow().flags()).isEqualTo(4);
    assertThat(compile().process().seccomp()).isEqualTo(compile().process().seccomp());
    request.seccomp = new SecurityProfile(SecurityProfile.Kind.LOCALHOST, "/profiles/log.json");
    assertThat(compile().process().seccomp().orElseThrow().instructions()).hasSizeLessThan(20);
    request.noNewPrivs = true;
    assertThat(compile().process().noNewPrivileges()).isTrue();
  }

  @Test
  void refusesConfinementThatIsNotToBeHad() {
    assertThat(compile().process().label()).isEmpty();
    request.apparmor = Optional.of(SecurityProfile.RUNTIME_DEFAULT);
    refused("runs no AppArmor");
    request.apparmor = Optional.of(local("localhost/mine"));
    refused("runs no AppArmor");
    request.apparmor = Optional.of(SecurityProfile.UNCONFINED);
    assertThat(compile().process().label()).isEmpty();
    request.selinux = new SelinuxLabel("", "", "spc_t", "");
    refused("runs no SELinux");
    // It asks for more than others have, and has it.
    request.privileged = true;
    request.podPrivileged = true;
    assertThat(compile().process().label()).isEmpty();
  }

  private void refused(String why) {
    assertThatThrownBy(this::compile)
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining(why);
  }

  private static SecurityProfile local(String name) {
    return new SecurityProfile(SecurityProfile.Kind.LOCALHOST, name);
  }

  @Test
  void confinesByAppArmor() {
    assertThat(labelOf(Optional.empty())).hasValue("exec hearth-default");
    assertThat(labelOf(Optional.of(SecurityProfile.RUNTIME_DEFAULT)))
        .hasValue("exec hearth-default");
    assertThat(labelOf(Optional.of(SecurityProfile.UNCONFINED))).isEmpty();
    assertThat(labelOf(Optional.of(local("localhost/loaded")))).hasValue("exec loaded");
    assertThatThrownBy(() -> labelOf(Optional.of(local("localhost/missing"))))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("missing is not loaded");
    request.privileged = true;
    request.podPrivileged = true;
    assertThat(labelOf(Optional.empty())).isEmpty();
    assertThat(labelOf(Optional.of(SecurityProfile.RUNTIME_DEFAULT))).isEmpty();
    assertThat(labelOf(Optional.of(local("loaded")))).hasValue("exec loaded");
  }

  private Optional<String> labelOf(Optional<SecurityProfile> profile) {
    request.apparmor = profile;
    NodeFacts facts =
        new NodeFacts(
            Abi.X86_64, "6.1.0", "n", 0, false, true, Optional.of("hearth-default"), false);
    return new ContainerPlans(facts, HOST)
        .compile(request.pod(), request.record(), request.around())
        .process()
        .label()
        .map(label -> label.value());
  }

  @Test
  void connectsStreams() {
    assertThat(compile().stdio()).isEqualTo(new Stdio.Pipes(Stdio.Input.NONE));
    request.stdin = true;
    assertThat(compile().stdio()).isEqualTo(new Stdio.Pipes(Stdio.Input.KEPT));
    request.stdinOnce = true;
    request.tty = true;
    assertThat(compile().stdio())
        .isEqualTo(new Stdio.Terminal(Stdio.Input.ONCE, WindowSize.UNKNOWN));
  }

  @Test
  void runsCommandsAsTheContainerDoes() {
    request.oomScoreAdj = 300;
    request.user = new ProcessUser(5, 6, List.of(6L), "/home/five");
    ContainerPlans plans = plans(false);
    ExecPlan exec =
        plans.exec(
            request.pod(),
            request.record(),
            request.around(),
            List.of("ls", "-l"),
            Optional.of(new WindowSize(24, 80)),
            CgroupJoins.NONE);
    assertThat(exec.enter())
        .containsExactlyInAnyOrder(
            Namespace.MOUNT, Namespace.NETWORK, Namespace.UTS, Namespace.IPC);
    assertThat(exec.process().uid()).isEqualTo(5);
    assertThat(exec.process().oomScoreAdjustment()).hasValue(300);
    var program = (Body.Program) exec.process().body();
    assertThat(program.arguments()).containsExactly("ls", "-l");
    assertThat(program.environment()).contains("TERM=xterm", "HOME=/home/five");
    assertThatThrownBy(() ->
            plans.exec(
                request.pod(),
                request.record(),
                request.around(),
                List.of(),
                Optional.empty(),
                CgroupJoins.NONE))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }

  @Test
  void showsAPlanAsPeopleKnowIt() {
    request.mounts =
        List.of(Requests.mount("/host/a", "/a", true, MountSpec.Propagation.HOST_TO_CONTAINER));
    JsonObject json =
        RuntimeSpecJson.of(compile(), "pod-1", "/hearth/x", Resources.NONE, Map.of("k", "v"));
    JsonObject process = json.getAsJsonObject("process");
    assertThat(process.getAsJsonArray("args").get(0).getAsString()).isEqualTo("/bin/app");
    assertThat(process.getAsJsonObject("capabilities").getAsJsonArray("bounding").toString())
        .contains("\"CAP_CHOWN\"");
    assertThat(json.getAsJsonArray("mounts").toString())
        .contains(
            "{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/host/a\",\"options\":[\"rbind\","
                + "\"rslave\",\"ro\"]}");
    assertThat(json.getAsJsonObject("linux").getAsJsonArray("namespaces").toString())
        .contains(
            "{\"type\":\"pid\"}", "{\"type\":\"network\",\"path\":\"/run/hearth/pods/1/ns/net\"}");
    assertThat(json.getAsJsonObject("linux").get("cgroupsPath").getAsString())
        .isEqualTo("/hearth/x");
    assertThat(json.keySet())
        .isEqualTo(
            Set.of("ociVersion", "process", "root", "hostname", "mounts", "annotations", "linux"));
  }
}
