package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import dev.hearth.proto.cri.v1.PortMapping;
import dev.hearth.proto.cri.v1.Protocol;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Pods connected by the reference plugins. What these make on a node they make in a network
 * namespace that stands for it.
 */
@NeedsRoot
class CniE2E {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @RegisterExtension static final TestBed BED = new TestBed();

  private Path folder;
  private Path node;
  private String configuration;

  @BeforeEach
  void configure() throws Exception {
    folder = Files.createDirectories(BED.folder().resolve("cni"));
    String name = "node-" + BED.home().bridge();
    run("ip", "netns", "add", name);
    node = Path.of("/run/netns", name);
    onNode("ip", "link", "set", "lo", "up");
    Files.createDirectories(folder.resolve("net.d"));
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    for (String plugin :
        List.of("bridge", "host-local", "portmap", "bandwidth", "firewall", "tuning")) {
      script(plugins.resolve(plugin), "exec nsenter --net=" + node + " /usr/lib/cni/" + plugin);
    }
    script(
        plugins.resolve("gate"),
        "read -r input\n"
            + "case $CNI_COMMAND in\n"
            + "ADD) if [ -e "
            + folder
            + "/shut ]; then touch "
            + folder
            + "/waiting; sleep 1000; fi; echo \"$input\" | jq -c .prevResult;;\n"
            + "DEL) if [ -e "
            + folder
            + "/stuck ]; then echo no key >&2; exit 1; fi;;\n"
            + "esac");
    network();
    Path file = BED.home().configuration();
    configuration = Files.readString(file);
    restart(
        configuration.replace(
            "mode = \"bridge\"",
            "mode = \"cni\"\ncni_config = \"%s/net.d\"\ncni_plugins = [\"%s/plugins\"]"
                .formatted(folder, folder)));
  }

  private void network() throws IOException {
    Files.writeString(
        folder.resolve("net.d/10-test.conflist"),
        """
        {"cniVersion": "1.0.0", "name": "e2e", "plugins": [
          {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
           "ipam": {"type": "host-local", "dataDir": "%s/addresses",
            "ranges": [[{"subnet": "10.88.0.0/24"}], [{"subnet": "fd00:88::/64"}]],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
          {"type": "tuning", "sysctl": {"net.ipv4.conf.all.arp_notify": "1"}},
          {"type": "portmap", "capabilities": {"portMappings": true}},
          {"type": "firewall"},
          {"type": "bandwidth", "capabilities": {"bandwidth": true}},
          {"type": "gate"}]}
        """
            .formatted(folder));
  }

  @AfterEach
  void restore() throws Exception {
    Files.deleteIfExists(folder.resolve("shut"));
    Files.deleteIfExists(folder.resolve("stuck"));
    restart(configuration);
    run("ip", "netns", "delete", node.getFileName().toString());
  }

  private static void restart(String text) throws IOException {
    BED.daemon().stop();
    Files.writeString(BED.home().configuration(), text);
    BED.daemon().startAgain();
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private String onNode(String... command) throws Exception {
    List<String> line = new ArrayList<>(List.of("nsenter", "--net=" + node));
    line.addAll(List.of(command));
    return run(line.toArray(String[]::new));
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return said;
  }

  private String page(String address) throws Exception {
    return onNode("curl", "-sS", "--max-time", "5", "http://" + address + "/hostname");
  }

  private void awaitPage(String address) {
    Await.until(
        "the page at " + address,
        LIMIT,
        () -> {
          try {
            return page(address).equals("web\n");
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  private List<String> addresses() throws IOException {
    Path leases = folder.resolve("addresses/e2e");
    if (!Files.isDirectory(leases)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(leases)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("10.") || name.startsWith("fd"))
          .toList();
    }
  }

  private static PodSandboxConfig pod(String name) {
    return Pods.pod(name, BED.home().logs()).toBuilder()
        .putAnnotations("kubernetes.io/egress-bandwidth", "100M")
        .addPortMappings(
            PortMapping.newBuilder()
                .setProtocol(Protocol.TCP)
                .setContainerPort(80)
                .setHostPort(8080))
        .build();
  }

  private static RuntimeCondition networkReady() {
    return BED
        .cri()
        .runtime()
        .status(StatusRequest.getDefaultInstance())
        .getStatus()
        .getConditionsList()
        .stream()
        .filter(condition -> condition.getType().equals("NetworkReady"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aPodIsReachedAlsoByItsHostPortAcrossRestartsUntilItIsRemoved() throws Exception {
    assertThat(networkReady().getStatus()).isTrue();
    String podId = BED.cri().runPod(pod("web"));
    var status = BED.cri().podStatus(podId);
    String address = status.getNetwork().getIp();
    assertThat(address).startsWith("10.88.0.");
    assertThat(status.getNetwork().getAdditionalIps(0).getIp()).startsWith("fd00:88:");
    assertThat(addresses()).hasSize(2);
    String container =
        BED.cri()
            .create(
                podId,
                pod("web"),
                Pods.container("web", BED.busybox(), "httpd", "-f", "-p", "80", "-h", "/etc"));
    BED.cri().start(container);
    awaitPage(address);
    assertThat(page("10.88.0.1:8080")).isEqualTo("web\n");
    assertThat(page("127.0.0.1:8080")).isEqualTo("web\n");
    // The bridge's address of this family is not used before nobody else is known to have it.
    awaitPage("[" + status.getNetwork().getAdditionalIps(0).getIp() + "]");
    assertThat(onNode("tc", "qdisc", "show")).contains("qdisc tbf", "rate 100Mbit");

    BED.daemon().kill();
    BED.daemon().startAgain();

    assertThat(page("10.88.0.1:8080")).isEqualTo("web\n");
    JsonObject network = network(podId);
    assertThat(network.get("leaving").getAsBoolean()).isFalse();
    assertThat(network.toString()).contains("\"name\":\"e2e\"", address, "\"hostPort\":8080");
    Path pin = Path.of(network.get("netns").getAsString());
    assertThat(pin).isEqualTo(Path.of("/run/netns/hearth-" + podId)).exists();

    BED.cri().removePod(podId);
    assertThat(page("10.88.0.1:8080")).contains("Failed to connect");
    assertThat(addresses()).isEmpty();
    assertThat(pin).doesNotExist();
    assertThat(onNode("iptables-save")).doesNotContain("--dport 8080");
  }

  private static JsonObject network(String podId) {
    String info =
        BED.cri()
            .runtime()
            .podSandboxStatus(
                PodSandboxStatusRequest.newBuilder()
                    .setPodSandboxId(podId)
                    .setVerbose(true)
                    .build())
            .getInfoOrThrow("info");
    return JsonParser.parseString(info).getAsJsonObject().getAsJsonObject("network");
  }

  @Test
  void whatADaemonWasKilledInTheMiddleOfIsUndoneByTheNext() throws Exception {
    Files.createFile(folder.resolve("shut"));
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              var _ = TestPod.refusal(() -> BED.cri().runPod(pod("cut-off")));
            });
    Await.until("the last plugin", LIMIT, () -> Files.exists(folder.resolve("waiting")));
    assertThat(addresses()).isNotEmpty();

    BED.daemon().kill();
    caller.join();
    Files.delete(folder.resolve("shut"));
    BED.daemon().startAgain();

    Await.until(
        "the addresses to be free",
        LIMIT,
        () -> {
          try {
            return addresses().isEmpty();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void aTeardownThatFailsIsShownAndHoldsUpNothingAndIsDoneAtLast() throws Exception {
    String podId = BED.cri().runPod(pod("stuck"));
    Files.createFile(folder.resolve("stuck"));
    BED.cri().removePod(podId);

    assertThat(BED.cri().adminInfo().getLeasesList())
        .anySatisfy(lease -> {
          assertThat(lease.getPodId()).isEqualTo(podId);
          assertThat(lease.getTeardownError()).contains("plugin gate (DEL)", "no key");
        });
    assertThat(addresses()).isNotEmpty();
    Files.delete(folder.resolve("stuck"));
    Await.until(
        "the teardown",
        LIMIT,
        () ->
            BED.cri().adminInfo().getLeasesList().stream()
                .allMatch(lease -> lease.getTeardownError().isEmpty()));
    assertThat(addresses()).isEmpty();
  }

  @Test
  void aBrokenConfigurationIsSaidAndMendedWithoutARestart() throws Exception {
    Files.writeString(folder.resolve("net.d/10-test.conflist"), "{\"name\": \"e2e\"}");
    assertThat(networkReady().getStatus()).isFalse();
    assertThat(networkReady().getMessage()).contains("10-test.conflist");
    assertThat(TestPod.refusal(() -> BED.cri().runPod(pod("early"))).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    Files.delete(folder.resolve("net.d/10-test.conflist"));
    assertThat(networkReady().getMessage()).contains("install a network plugin");

    network();
    assertThat(networkReady().getStatus()).isTrue();
    BED.cri().removePod(BED.cri().runPod(pod("early")));
  }
}
