package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernel parameters of pods: what a container finds set, and what no pod may set. */
@NeedsRoot
class SysctlsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final String SHOW =
      "cd /proc/sys; cat net/core/somaxconn net/ipv4/conf/eth0/rp_filter kernel/shmmni"
          + " fs/mqueue/msg_max kernel/domainname";

  @Test
  void aPodsContainersFindItsSysctlsSetAndTheNodeKeepsItsOwn() throws IOException {
    Path nodes = Path.of("/proc/sys/kernel/shmmni");
    String before = Files.readString(nodes);
    try (TestPod pod =
        TestPod.of(
            BED,
            "tuned",
            linux ->
                linux
                    .putSysctls("net.core.somaxconn", "321")
                    .putSysctls("net/ipv4/conf/eth0/rp_filter", "2")
                    .putSysctls("kernel.shmmni", "123")
                    .putSysctls("fs.mqueue.msg_max", "7")
                    .putSysctls("kernel.domainname", "example"))) {
      assertThat(pod.output("look", SHOW, linux -> {}))
          .containsExactly("321", "2", "123", "7", "example");
    }
    assertThat(Files.readString(nodes)).isEqualTo(before);
  }

  @Test
  void everybodyMayBindLowPortsAndPingUnlessThePodSaysOtherwise() {
    String show =
        "cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start; tr '\\t' ' ' < ping_group_range;"
            + " httpd -p 80 && echo bound";
    try (TestPod pod = TestPod.of(BED, "open", linux -> {})) {
      List<String> seen =
          pod.output(
              "nobody",
              show,
              linux -> {
                linux.getSecurityContextBuilder().getRunAsUserBuilder().setValue(65534);
                linux
                    .getSecurityContextBuilder()
                    .getCapabilitiesBuilder()
                    .addDropCapabilities("ALL");
              });
      assertThat(seen).containsExactly("0", "0 2147483647", "bound");
    }
    try (TestPod pod =
        TestPod.of(
            BED,
            "closed",
            linux -> linux.putSysctls("net.ipv4.ip_unprivileged_port_start", "1024"))) {
      assertThat(pod.output("look", show, linux -> {})).startsWith("1024");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.core_pattern",
        "vm.swappiness",
        "net/../kernel/core_pattern",
        "fs.file-max"
      })
  void whatIsTheNodesIsRefused(String name) {
    refused(TestPod.pod(BED, "greedy", linux -> linux.putSysctls(name, "1")), name);
  }

  @Test
  void whatThePodSharesWithTheNodeIsRefused() {
    refused(
        TestPod.pod(
            BED,
            "sharing",
            linux -> {
              linux.putSysctls("net.core.somaxconn", "1");
              linux
                  .getSecurityContextBuilder()
                  .getNamespaceOptionsBuilder()
                  .setNetwork(NamespaceMode.NODE);
            }),
        "does not share its net namespace");
    refused(
        TestPod.pod(
            BED,
            "sharing",
            linux -> {
              linux.putSysctls("kernel.shmmni", "1");
              linux
                  .getSecurityContextBuilder()
                  .getNamespaceOptionsBuilder()
                  .setIpc(NamespaceMode.NODE);
            }),
        "does not share its ipc namespace");
  }

  @Test
  void whatTheKernelDoesNotTakeIsTheCallersMistake() {
    refused(
        TestPod.pod(BED, "odd", linux -> linux.putSysctls("net.ipv4.no_such_name", "1")),
        "has no sysctl");
    refused(
        TestPod.pod(BED, "odd", linux -> linux.putSysctls("net.core.somaxconn", "many")),
        "the kernel refuses");
  }

  private static void refused(PodSandboxConfig pod, String why) {
    Status status = TestPod.refusal(() -> BED.cri().runPod(pod));
    assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(status.getDescription()).contains(why);
    assertThat(
            BED.cri()
                .runtime()
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList())
        .isEmpty();
  }
}
