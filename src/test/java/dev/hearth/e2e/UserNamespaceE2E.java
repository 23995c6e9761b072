package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.Device;
import dev.hearth.proto.cri.v1.IDMapping;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.NamespaceOption;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.UserNamespace;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods whose root is nobody on the node, as the kubelet asks for them with hostUsers: false. */
@NeedsRoot
class UserNamespaceE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int FIRST = 231_072;
  private static final UserNamespace USERS = users(FIRST, 65_536);

  private static UserNamespace users(int host, int length) {
    IDMapping all = IDMapping.newBuilder().setHostId(host).setLength(length).build();
    return UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(all).addGids(all).build();
  }

  private static PodSandboxConfig pod(String name, Consumer<NamespaceOption.Builder> change) {
    PodSandboxConfig.Builder pod = Pods.pod(name, BED.home().logs()).toBuilder();
    change.accept(
        pod.getLinuxBuilder()
            .getSecurityContextBuilder()
            .getNamespaceOptionsBuilder()
            .setUsernsOptions(USERS));
    return pod.build();
  }

  private static PodSandboxConfig pod(String name) {
    return pod(name, options -> {});
  }

  /** A container with its pod's namespaces that sleeps. */
  private static ContainerConfig.Builder container(PodSandboxConfig pod, String name) {
    ContainerConfig.Builder container =
        Pods.container(name, BED.busybox(), "sleep", "1000").toBuilder();
    container
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .setNamespaceOptions(pod.getLinux().getSecurityContext().getNamespaceOptions());
    return container;
  }

  private static String start(String podId, PodSandboxConfig pod, ContainerConfig container) {
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);
    return id;
  }

  private static String shell(String container, String script) {
    var result = BED.cri().exec(container, "sh", "-c", script);
    return result.getStdout().toStringUtf8() + result.getStderr().toStringUtf8();
  }

  @Test
  void rootOfThePodIsNobodyOnTheNodeAndOwnsItsFiles() throws Exception {
    PodSandboxConfig pod = pod("mapped");
    String podId = BED.cri().runPod(pod);
    String id = start(podId, pod, container(pod, "one").build());
    Path process = Pods.processFolder(Pods.pid(BED.cri(), id));
    assertThat(Files.readString(process.resolve("status")))
        .contains("Uid:\t" + FIRST + "\t" + FIRST)
        .contains("Gid:\t" + FIRST + "\t" + FIRST);
    assertThat(shell(id, "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '"))
        .isEqualTo((" 0 " + FIRST + " 65536\n").repeat(2));
    assertThat(
            shell(
                id,
                "stat -c '%u:%g %n' / /bin /bin/busybox /home/user /dev /dev/shm /etc/hosts"
                    + " /etc/resolv.conf /etc/hostname /proc/self/status /sys"))
        .isEqualTo(
            """
            0:0 /
            0:0 /bin
            0:0 /bin/busybox
            1000:1000 /home/user
            0:0 /dev
            0:0 /dev/shm
            0:0 /etc/hosts
            0:0 /etc/resolv.conf
            0:0 /etc/hostname
            0:0 /proc/self/status
            65534:65534 /sys
            """);
    assertThat(
            shell(
                id,
                "echo x >/root/made && rm /srv/www/index.html && chown user /root/made &&"
                    + " echo again >>/home/user/file && mv /home/user /home/other &&"
                    + " stat -c %u:%g /root/made /home/other /home/other/file; hostname;"
                    + " echo y >/dev/null; echo z >/dev/shm/z; mount -t tmpfs none /mnt 2>&1; id -u"))
        .isEqualTo("1000:0\n1000:1000\n0:0\nmapped\nmount: permission denied (are you root?)\n0\n");
    BED.cri().removePod(podId);
  }

  @Test
  void theNetworkBelongsToThePod() {
    PodSandboxConfig pod = pod("network");
    PodSandboxConfig.Builder tuned = pod.toBuilder();
    tuned
        .getLinuxBuilder()
        .putSysctls("net.ipv4.ip_unprivileged_port_start", "77")
        .putSysctls("kernel.shm_rmid_forced", "1")
        .putSysctls("kernel.domainname", "example.org");
    String podId = BED.cri().runPod(tuned.build());
    ContainerConfig.Builder container = container(pod, "one");
    container
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getCapabilitiesBuilder()
        .addAddCapabilities("NET_ADMIN");
    String id = start(podId, tuned.build(), container.build());
    assertThat(
            shell(
                id,
                "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"
                    + " /proc/sys/kernel/shm_rmid_forced /proc/sys/kernel/domainname;"
                    + " ip addr add 10.99.0.1/32 dev lo && ip addr show lo | grep -c 10.99;"
                    + " ls /sys/class/net"))
        .isEqualTo("77\n1\nexample.org\n1\neth0\nlo\n");
    assertThat(BED.cri().podStatus(podId).getNetwork().getIp()).isNotEmpty();
    assertThat(shell(id, "ip addr show dev eth0"))
        .contains(BED.cri().podStatus(podId).getNetwork().getIp());
    BED.cri().removePod(podId);
  }

  @Test
  void volumesAreMappedAsTheKubeletAsks() throws Exception {
    Path volume = Files.createDirectory(BED.folder().resolve("volume"));
    Files.setAttribute(volume, "unix:uid", 1000);
    PodSandboxConfig pod = pod("volumes");
    String podId = BED.cri().runPod(pod);
    Mount mapped =
        Mount.newBuilder()
            .setContainerPath("/mapped")
            .setHostPath(volume.toString())
            .addAllUidMappings(USERS.getUidsList())
            .addAllGidMappings(USERS.getGidsList())
            .build();
    ContainerConfig container =
        container(pod, "one")
            .addMounts(mapped)
            .addMounts(Mount.newBuilder().setContainerPath("/plain").setHostPath(volume.toString()))
            .build();
    String id = start(podId, pod, container);
    assertThat(shell(id, "touch /mapped/made; stat -c %u /mapped /plain /mapped/made /plain/made"))
        .isEqualTo("1000\n65534\n0\n65534\n");
    assertThat(Files.getAttribute(volume.resolve("made"), "unix:uid")).isEqualTo(0);
    ContainerConfig other =
        container(pod, "two")
            .addMounts(mapped.toBuilder().clearUidMappings().addUidMappings(users(7, 7).getUids(0)))
            .build();
    assertRefused(Status.Code.INVALID_ARGUMENT, () -> BED.cri().create(podId, pod, other));
    BED.cri().removePod(podId);
  }

  @Test
  void aSharedPidNamespaceBelongsToThePodToo() {
    PodSandboxConfig pod = pod("shared-pid", options -> options.setPid(NamespaceMode.POD));
    String podId = BED.cri().runPod(pod);
    String one = start(podId, pod, container(pod, "one").build());
    String two = start(podId, pod, container(pod, "two").build());
    assertThat(shell(two, "ps -o args | grep -c '[s]leep 1000'")).isEqualTo("2\n");
    assertThat(shell(one, "readlink /proc/self/ns/pid"))
        .isEqualTo(shell(two, "readlink /proc/self/ns/pid"));
    assertThat(BED.cri().status(one).getState().name()).isEqualTo("CONTAINER_RUNNING");
    BED.cri().removePod(podId);
  }

  @Test
  void thePodMayLiveOnTheNodesNetwork() {
    PodSandboxConfig pod = pod("host-network", options -> options.setNetwork(NamespaceMode.NODE));
    String podId = BED.cri().runPod(pod);
    ContainerConfig.Builder container = container(pod, "one");
    container
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getCapabilitiesBuilder()
        .addAddCapabilities("NET_ADMIN");
    String id = start(podId, pod, container.build());
    assertThat(shell(id, "readlink /proc/self/ns/net").strip())
        .isEqualTo(link("/proc/self/ns/net"));
    assertThat(shell(id, "ls /sys/class/net")).contains("lo");
    assertThat(shell(id, "ip link add name hearth-none type dummy")).contains("not permitted");
    assertThat(shell(id, "touch /sys/x")).contains("Read-only");
    BED.cri().removePod(podId);
  }

  private static String link(String path) {
    try {
      return Files.readSymbolicLink(Path.of(path)).toString();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void devicesOfTheNodeAreBound() {
    PodSandboxConfig pod = pod("devices");
    String podId = BED.cri().runPod(pod);
    ContainerConfig container =
        container(pod, "one")
            .addDevices(
                Device.newBuilder()
                    .setHostPath("/dev/zero")
                    .setContainerPath("/dev/other-zero")
                    .setPermissions("rw"))
            .setTty(true)
            .build();
    String id = start(podId, pod, container);
    assertThat(shell(id, "head -c 3 /dev/other-zero | wc -c; echo x >/dev/null; ls -l /dev/tty"))
        .startsWith("3\n");
    BED.cri().removePod(podId);
  }

  @Test
  void whatCannotBeIsRefused() {
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        () -> BED.cri().runPod(pod("host-pid", options -> options.setPid(NamespaceMode.NODE))));
    UserNamespace twice = USERS.toBuilder().addUids(USERS.getUids(0)).build();
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        () -> BED.cri().runPod(pod("twice", options -> options.setUsernsOptions(twice))));
    PodSandboxConfig pod = pod("refusing");
    String podId = BED.cri().runPod(pod);
    ContainerConfig.Builder differs = container(pod, "differs");
    differs
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setUsernsOptions(users(7, 70_000));
    assertRefused(
        Status.Code.INVALID_ARGUMENT, () -> BED.cri().create(podId, pod, differs.build()));
    ContainerConfig.Builder stranger = container(pod, "stranger");
    stranger
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .setRunAsUser(Int64Value.newBuilder().setValue(70_000));
    assertRefused(
        Status.Code.INVALID_ARGUMENT, () -> BED.cri().create(podId, pod, stranger.build()));
    BED.cri().removePod(podId);
  }

  private static void assertRefused(
      Status.Code code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
  }

  @Test
  void statusSaysThatPodsCanHaveThem() {
    var status =
        BED.cri().runtime().status(dev.hearth.proto.cri.v1.StatusRequest.getDefaultInstance());
    assertThat(status.getRuntimeHandlersList())
        .extracting(
            handler -> handler.getName(), handler -> handler.getFeatures().getUserNamespaces())
        .contains(
            org.assertj.core.groups.Tuple.tuple("", true),
            org.assertj.core.groups.Tuple.tuple("hearth", true));
  }

  @Test
  void identifiersOfTheNodeUseAllOf32Bits() {
    PodSandboxConfig pod =
        pod("high", options -> options.setUsernsOptions(users((int) 3_000_000_000L, 65_536)));
    String podId = BED.cri().runPod(pod);
    String id = start(podId, pod, container(pod, "one").build());
    assertThat(
            shell(id, "awk '{print $2}' /proc/self/uid_map; stat -c %u:%g /dev/shm /etc/hosts /"))
        .isEqualTo("3000000000\n0:0\n0:0\n0:0\n");
    BED.cri().removePod(podId);
  }

  @Test
  void aRestartFindsThePodWhole() throws Exception {
    PodSandboxConfig pod = pod("restarted");
    String podId = BED.cri().runPod(pod);
    String id = start(podId, pod, container(pod, "one").build());
    BED.daemon().kill();
    BED.daemon().startAgain();
    assertThat(BED.cri().status(id).getState().name()).isEqualTo("CONTAINER_RUNNING");
    String more = start(podId, pod, container(pod, "two").build());
    assertThat(shell(more, "id -u")).isEqualTo("0\n");
    BED.cri().removePod(podId);
  }
}
