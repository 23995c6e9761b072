package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.DNSConfig;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.NetworkConfig;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxMetadata;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.PodSandboxStateValue;
import dev.hearth.proto.cri.v1.PodSandboxStats;
import dev.hearth.proto.cri.v1.PodSandboxStatsFilter;
import dev.hearth.proto.cri.v1.RuntimeConfig;
import dev.hearth.proto.cri.v1.UpdateRuntimeConfigRequest;
import dev.hearth.proto.cri.v1.WindowsPodSandboxConfig;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the fields of a pod's request come to. */
@NeedsRoot
class PodFieldsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static PodSandboxConfig pod(String name) {
    return Pods.pod(name, BED.home().logs());
  }

  private static List<String> listed(PodSandboxFilter filter) {
    return BED
        .cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.newBuilder().setFilter(filter).build())
        .getItemsList()
        .stream()
        .map(PodSandbox::getId)
        .toList();
  }

  private static List<String> measured(PodSandboxStatsFilter filter) {
    return BED
        .cri()
        .runtime()
        .listPodSandboxStats(ListPodSandboxStatsRequest.newBuilder().setFilter(filter).build())
        .getStatsList()
        .stream()
        .map(PodSandboxStats::getAttributes)
        .map(attributes -> attributes.getId())
        .toList();
  }

  @Test
  void whatNamesAPodComesBackUnchanged() {
    PodSandboxConfig asked =
        pod("named").toBuilder()
            .setMetadata(
                PodSandboxMetadata.newBuilder()
                    .setName("named")
                    .setUid("0f0e-1")
                    .setNamespace("space")
                    .setAttempt(7))
            .putLabels("tier", "front")
            .putAnnotations("note", "many words, and ünïcode")
            .build();
    String id = BED.cri().runPod(asked);
    var status = BED.cri().podStatus(id);
    assertThat(status.getMetadata()).isEqualTo(asked.getMetadata());
    assertThat(status.getLabelsMap()).isEqualTo(asked.getLabelsMap());
    assertThat(status.getAnnotationsMap()).isEqualTo(asked.getAnnotationsMap());
    PodSandbox item =
        BED.cri().runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance()).getItems(0);
    assertThat(item.getMetadata()).isEqualTo(asked.getMetadata());
    assertThat(item.getLabelsMap()).isEqualTo(asked.getLabelsMap());
    assertThat(item.getAnnotationsMap()).isEqualTo(asked.getAnnotationsMap());
    BED.cri().removePod(id);
  }

  @Test
  void podsAreListedByIdStateAndLabels() {
    String ready = BED.cri().runPod(pod("ready"));
    String stopped = BED.cri().runPod(pod("stopped"));
    BED.cri().stopPod(stopped);

    assertThat(listed(PodSandboxFilter.getDefaultInstance()))
        .containsExactlyInAnyOrder(ready, stopped);
    assertThat(listed(PodSandboxFilter.newBuilder().setId(ready).build())).containsExactly(ready);
    assertThat(listed(PodSandboxFilter.newBuilder().setId(ready.substring(0, 13)).build()))
        .containsExactly(ready);
    assertThat(listed(state(PodSandboxState.SANDBOX_READY))).containsExactly(ready);
    assertThat(listed(state(PodSandboxState.SANDBOX_NOTREADY))).containsExactly(stopped);
    assertThat(listed(PodSandboxFilter.newBuilder().putLabelSelector("app", "stopped").build()))
        .containsExactly(stopped);
    assertThat(
            listed(
                PodSandboxFilter.newBuilder()
                    .putLabelSelector("app", "ready")
                    .putLabelSelector("tier", "none")
                    .build()))
        .isEmpty();

    assertThat(measured(PodSandboxStatsFilter.newBuilder().setId(ready).build()))
        .containsExactly(ready);
    assertThat(measured(PodSandboxStatsFilter.newBuilder().putLabelSelector("app", "no").build()))
        .isEmpty();
    BED.cri().removePod(ready);
    BED.cri().removePod(stopped);
  }

  private static PodSandboxFilter state(PodSandboxState state) {
    return PodSandboxFilter.newBuilder()
        .setState(PodSandboxStateValue.newBuilder().setState(state))
        .build();
  }

  @Test
  void containersSeeThePodsHostNameAndResolver() {
    PodSandboxConfig pod =
        pod("resolving").toBuilder()
            .setHostname("a-name.of-its-own")
            .setDnsConfig(
                DNSConfig.newBuilder()
                    .addServers("192.0.2.53")
                    .addServers("2001:db8::53")
                    .addSearches("space.svc.cluster.local")
                    .addSearches("cluster.local")
                    .addOptions("ndots:5"))
            .build();
    String podId = BED.cri().runPod(pod);
    String id = sleeping(podId, pod);
    assertThat(out(id, "hostname")).isEqualTo("a-name.of-its-own\n");
    assertThat(out(id, "cat", "/etc/hostname")).isEqualTo("a-name.of-its-own\n");
    assertThat(out(id, "cat", "/etc/resolv.conf"))
        .isEqualTo(
            """
            search space.svc.cluster.local cluster.local
            nameserver 192.0.2.53
            nameserver 2001:db8::53
            options ndots:5
            """);
    assertThat(out(id, "cat", "/etc/hosts"))
        .contains(BED.cri().podStatus(podId).getNetwork().getIp() + "\ta-name.of-its-own\n");
    BED.cri().removePod(podId);
  }

  @Test
  void whatContainersWriteToThePodsFilesDoesNotFillTheNode() {
    PodSandboxConfig pod = pod("writing");
    String podId = BED.cri().runPod(pod);
    String id = sleeping(podId, pod);
    var written = BED.cri().exec(id, "sh", "-c", "dd if=/dev/zero bs=64k count=64 >>/etc/hosts");
    assertThat(written.getExitCode()).isNotZero();
    assertThat(written.getStderr().toStringUtf8()).contains("No space left on device");
    assertThat(out(id, "cat", "/etc/hostname")).isEqualTo("writing\n");
    BED.cri().removePod(podId);
  }

  @Test
  void thePodsCgroupLiesWhereTheRequestSays() throws IOException {
    String parent = BED.home().cgroupParent() + "-kubepods";
    PodSandboxConfig.Builder asked = pod("placed").toBuilder();
    asked.getLinuxBuilder().setCgroupParent(parent);
    PodSandboxConfig pod = asked.build();
    String podId = BED.cri().runPod(pod);
    String id = sleeping(podId, pod);
    assertThat(Files.readString(Pods.processFolder(Pods.pid(BED.cri(), id)).resolve("cgroup")))
        .contains(":" + parent + "/");
    BED.cri().removePod(podId);
    removeAsTheKubeletDoes(parent);
  }

  /** In every hierarchy, of which v2 has one. */
  private static void removeAsTheKubeletDoes(String group) throws IOException {
    Path root = Path.of("/sys/fs/cgroup");
    try (var hierarchies = Files.list(root)) {
      for (Path hierarchy : hierarchies.filter(Files::isDirectory).toList()) {
        Files.deleteIfExists(Path.of(hierarchy + group));
      }
    }
    Files.deleteIfExists(Path.of(root + group));
  }

  @Test
  void aPodOnTheNodesNamespacesSeesTheNode() throws IOException {
    PodSandboxConfig.Builder asked =
        Pods.hostNetworkPod("on-the-node", BED.home().logs()).toBuilder();
    asked
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setIpc(NamespaceMode.NODE)
        .setPid(NamespaceMode.NODE);
    PodSandboxConfig pod = asked.build();
    String podId = BED.cri().runPod(pod);
    ContainerConfig.Builder container =
        Pods.container("main", BED.busybox(), "sleep", "1000").toBuilder();
    container
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .setNamespaceOptions(pod.getLinux().getSecurityContext().getNamespaceOptions());
    String id = BED.cri().create(podId, pod, container.build());
    BED.cri().start(id);
    for (String namespace : List.of("net", "ipc", "pid", "uts")) {
      assertThat(Files.readSymbolicLink(namespace(Pods.pid(BED.cri(), id), namespace)))
          .as(namespace)
          .isEqualTo(Files.readSymbolicLink(namespace(ProcessHandle.current().pid(), namespace)));
    }
    assertThat(BED.cri().podStatus(podId).getNetwork().getIp()).isEmpty();
    BED.cri().removePod(podId);
  }

  private static Path namespace(long pid, String name) {
    return Pods.processFolder(pid).resolve("ns").resolve(name);
  }

  @Test
  void windowsPodsAreRefused() {
    PodSandboxConfig pod =
        pod("windows").toBuilder().setWindows(WindowsPodSandboxConfig.getDefaultInstance()).build();
    assertThatThrownBy(() -> BED.cri().runPod(pod))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refusal -> {
              assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(refusal).hasMessageContaining("Windows");
            });
  }

  @Test
  void thePodsSubnetIsNotTheKubeletsToChange() {
    BED.cri()
        .runtime()
        .updateRuntimeConfig(
            UpdateRuntimeConfigRequest.newBuilder()
                .setRuntimeConfig(
                    RuntimeConfig.newBuilder()
                        .setNetworkConfig(NetworkConfig.newBuilder().setPodCidr("192.0.2.0/24")))
                .build());
    String podId = BED.cri().runPod(pod("elsewhere"));
    assertThat(BED.cri().podStatus(podId).getNetwork().getIp()).doesNotStartWith("192.0.2.");
    BED.cri().removePod(podId);
  }

  private static String sleeping(String podId, PodSandboxConfig pod) {
    String id =
        BED.cri().create(podId, pod, Pods.container("main", BED.busybox(), "sleep", "1000"));
    BED.cri().start(id);
    return id;
  }

  private static String out(String containerId, String... command) {
    return BED.cri().exec(containerId, command).getStdout().toStringUtf8();
  }
}
