package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import dev.hearth.runtime.network.cni.CniNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Plugins written for the purpose: what they are given, and what becomes of those that misbehave.
 */
@NeedsRoot
class CniPluginsIT {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String ADDRESS =
      """
      {"cniVersion": "1.1.0", "interfaces": [
        {"name": "cali0"}, {"name": "eth0", "mac": "02:00:00:00:00:07", "sandbox": "x"}],
       "ips": [{"address": "10.8.0.7/24", "gateway": "10.8.0.1", "interface": 1},
               {"address": "fd08::7/64", "interface": 1}],
       "unheard": [1]}
      """;
  private static final String CHAIN =
      """
      {"cniVersion": "0.4.0", "cniVersions": ["1.1.0", "9.9.9"], "name": "chain", "plugins": [
        {"type": "first", "odd": {"deep": [1, 2.50]}, "capabilities": {"dns": true, "ips": false}},
        {"type": "second", "capabilities": {"portMappings": true, "bandwidth": true, "mac": true}}]}
      """;

  @TempDir Path directory;
  private NodeOnTrial node;
  private CniOnTrial cni;
  private CniNetwork network;

  @BeforeEach
  void open() throws Exception {
    node = new NodeOnTrial(directory);
    cni = new CniOnTrial(directory);
    cni.configure("10-chain.conflist", CHAIN);
    install("first", ADDRESS);
    install("second", ADDRESS);
    network = cni.open(LONG);
  }

  @AfterEach
  void close() throws Exception {
    network.close();
    cni.close();
    for (int i = 1; i < 4; i++) {
      Namespaces.unpin(cni.namespaces.resolve("hearth-" + NodeOnTrial.pod(i)));
    }
    node.close();
  }

  /** A plugin that answers ADD so, everything else well, and writes down how it was called. */
  private void install(String name, String answer) throws IOException {
    script(name, "cat <<'END'\n" + answer + "\nEND\n", "exit 0\n");
  }

  private void script(String name, String add, String others) throws IOException {
    cni.install(
        name,
        """
        echo "$CNI_COMMAND %1$s $CNI_CONTAINERID $CNI_IFNAME $CNI_NETNS $CNI_ARGS" >> %2$s/calls
        cat > %2$s/%1$s-$CNI_COMMAND.json
        case $CNI_COMMAND in
        VERSION) echo '{"supportedVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]}';;
        ADD) %3$s
        ;;
        *) %4$s
        ;;
        esac
        """
            .formatted(name, directory, add, others));
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(directory.resolve("calls")).stream()
        .filter(call -> !call.startsWith("VERSION"))
        .map(call -> String.join(" ", List.of(call.split(" ", -1)).subList(0, 2)))
        .toList();
  }

  private JsonObject given(String call) throws IOException {
    return JsonParser.parseString(Files.readString(directory.resolve(call + ".json")))
        .getAsJsonObject();
  }

  private NetworkAttachment attach(int n) throws NetworkException {
    return network.attach(NodeOnTrial.pod(n), node.netns("pod" + n), PodNetworkRequest.PLAIN);
  }

  private boolean nothingIsLeft() throws IOException {
    try (Stream<Path> records = Files.list(cni.records.resolve("pods"));
        Stream<Path> pins = Files.list(cni.namespaces)) {
      return records.findAny().isEmpty() && pins.findAny().isEmpty();
    }
  }

  @Test
  void pluginsAreGivenWhatTheSpecificationNames() throws Exception {
    var request =
        new PodNetworkRequest(
            new PodMetadata("web", "shop", "u-1", 0),
            List.of(new PortMapping(Protocol.UDP, 53, 5353, "127.0.0.1")),
            new DnsConfig(List.of("10.0.0.10"), List.of(), List.of()),
            Map.of(
                "kubernetes.io/ingress-bandwidth",
                "10M",
                "cni.hearth.dev/mac",
                "02:00:00:00:00:07"),
            "/kubepods");
    NetworkAttachment attachment = network.attach(NodeOnTrial.pod(1), node.netns("pod1"), request);

    assertThat(attachment.addresses())
        .containsExactly(IpPrefix.parse("10.8.0.7/24"), IpPrefix.parse("fd08::7/64"));
    assertThat(attachment.hostLink()).isEqualTo("cali0");
    assertThat(Files.readString(directory.resolve("calls")))
        .contains(
            "ADD first "
                + NodeOnTrial.pod(1)
                + " eth0 "
                + cni.namespaces.resolve("hearth-" + NodeOnTrial.pod(1))
                + " IgnoreUnknown=1;K8S_POD_INFRA_CONTAINER_ID="
                + NodeOnTrial.pod(1)
                + ";K8S_POD_NAME=web;K8S_POD_NAMESPACE=shop;K8S_POD_UID=u-1\n");
    JsonObject first = given("first-ADD");
    assertThat(first.keySet())
        .containsExactlyInAnyOrder("cniVersion", "name", "type", "odd", "runtimeConfig");
    assertThat(first.get("cniVersion").getAsString()).isEqualTo("1.1.0");
    assertThat(first.get("name").getAsString()).isEqualTo("chain");
    assertThat(first.get("odd").toString()).isEqualTo("{\"deep\":[1,2.50]}");
    assertThat(first.get("runtimeConfig").toString())
        .isEqualTo("{\"dns\":{\"servers\":[\"10.0.0.10\"]}}");
    JsonObject second = given("second-ADD");
    assertThat(second.get("runtimeConfig"))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"portMappings": [{"hostPort": 5353, "containerPort": 53, "protocol": "udp",
                   "hostIP": "127.0.0.1"}],
                 "bandwidth": {"ingressRate": 10000000, "ingressBurst": 4294967295},
                 "mac": "02:00:00:00:00:07"}\
                """));
    assertThat(second.getAsJsonObject("prevResult").get("unheard").toString()).isEqualTo("[1]");

    network.detach(NodeOnTrial.pod(1), Optional.empty());
    assertThat(calls()).endsWith("DEL second", "DEL first");
    assertThat(given("first-DEL").has("prevResult")).isTrue();
    assertThat(given("second-DEL").get("runtimeConfig")).isEqualTo(second.get("runtimeConfig"));
    assertThat(nothingIsLeft()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'echo nonsense'                                                  | is no valid JSON
          'echo "{}{}"'                                                    | is no valid JSON: malformed at line 1
          'true'                                                           | (ADD) is empty
          'echo "{}"'                                                      | gave the pod no address
          'echo "{\\"cniVersion\\": \\"7.0.0\\"}"'                         | answered in version 7.0.0
          'echo "{\\"ips\\": [{\\"address\\": \\"10.0.0.1\\"}]}"'          | gives an address that is none
          'echo "{\\"ips\\": [{\\"address\\": \\"127.0.0.1/8\\"}]}"'       | that no pod can have
          'echo "{\\"ips\\": [{\\"address\\": \\"10.0.0.1/8\\", \\"version\\": \\"6\\"}]}"' | an address of IPv6
          'echo "{\\"ips\\": [{\\"address\\": \\"10.0.0.1/8\\", \\"gateway\\": \\"fd00::1\\"}]}"' | a gateway of the other family
          'echo "{\\"ips\\": [{\\"address\\": \\"10.0.0.1/8\\", \\"interface\\": 3}]}"' | that it does not name
          'yes'                                                            | said more than
          'kill -SEGV $$'                                                  | was killed by SIGSEGV
          'echo oh dear >&2; exit 3'                                       | ended with 3: oh dear
          'echo "{\\"code\\": 7, \\"msg\\": \\"too small\\", \\"details\\": \\"/31\\"}"; exit 1' | failed: too small: /31 (code 7)
          """)
  void whatAPluginDoesWrongIsSaidAndUndone(String add, String said) throws Exception {
    script("second", add + "\n", "exit 0\n");

    assertThatThrownBy(() -> attach(1))
        .isInstanceOf(NetworkException.PluginFailed.class)
        .hasMessageContaining(said);

    NodeOnTrial.awaitTeardown(network);
    assertThat(calls()).containsExactly("ADD first", "ADD second", "DEL second", "DEL first");
    assertThat(nothingIsLeft()).isTrue();
  }

  @Test
  void aPluginThatHangsIsKilledWithAllItStarted() throws Exception {
    network.close();
    network = cni.open(Duration.ofSeconds(2));
    script("second", "sleep 1000 & echo $! > " + directory + "/child\nwait\n", "exit 0\n");

    assertThatThrownBy(() -> attach(1)).isInstanceOf(NetworkException.TimedOut.class);

    long child = Long.parseLong(Files.readString(directory.resolve("child")).strip());
    NodeOnTrial.await(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
    NodeOnTrial.awaitTeardown(network);
    assertThat(nothingIsLeft()).isTrue();
  }

  @Test
  void whatCannotBeTakenAwayIsShownAndTriedAgainAndHoldsUpNobody() throws Exception {
    attach(1);
    script("second", "true\n", "echo stuck >&2; exit 1\n");

    network.detach(NodeOnTrial.pod(1), Optional.empty());

    assertThat(network.pending())
        .singleElement()
        .satisfies(pending -> {
          assertThat(pending.pod()).isEqualTo(NodeOnTrial.pod(1).value());
          assertThat(pending.lastFailure()).contains("plugin second (DEL)", "stuck");
        });
    install("second", ADDRESS);
    attach(2);
    NodeOnTrial.awaitTeardown(network);
    network.detach(NodeOnTrial.pod(2), Optional.empty());
    assertThat(nothingIsLeft()).isTrue();
  }

  @Test
  void aPodConnectedWhileGarbageCollectionWaitsIsNoGarbage() throws Exception {
    String wait = "while ! [ -e " + directory + "/go ]; do sleep 0.05; done\n";
    script("second", wait + "cat <<'END'\n" + ADDRESS + "\nEND\n", "exit 0\n");
    Thread one = attaching(1);
    awaitCall("ADD second " + NodeOnTrial.pod(1));
    // Another file: the collection asks it for its versions before it waits for its turn.
    script("second", wait + "cat <<'END'\n" + ADDRESS + "\nEND\n", "exit 0\n");
    Files.delete(directory.resolve("second-VERSION.json"));
    network.reconcile(Map.of(NodeOnTrial.pod(1), directory.resolve("ns-pod1/ns/net")));
    NodeOnTrial.await(() -> Files.exists(directory.resolve("second-VERSION.json")));
    Thread two = attaching(2);
    awaitCall("ADD second " + NodeOnTrial.pod(2));
    Files.createFile(directory.resolve("go"));

    assertThat(one.join(LONG) && two.join(LONG)).isTrue();
    awaitCall("GC second");
    NodeOnTrial.await(() -> collected().contains(NodeOnTrial.pod(1).value()));
    assertThat(collected()).contains(NodeOnTrial.pod(2).value());
    network.detach(NodeOnTrial.pod(1), Optional.empty());
    network.detach(NodeOnTrial.pod(2), Optional.empty());
  }

  private Thread attaching(int n) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            attach(n);
          } catch (NetworkException _) {
            // The calls show it.
          }
        });
  }

  private void awaitCall(String start) {
    NodeOnTrial.await(() -> {
      try {
        return Files.readAllLines(directory.resolve("calls")).stream()
            .anyMatch(call -> call.startsWith(start));
      } catch (IOException _) {
        return false;
      }
    });
  }

  private String collected() {
    try {
      return String.valueOf(given("second-GC").get("cni.dev/valid-attachments"));
    } catch (IOException | IllegalStateException | JsonParseException _) {
      return "";
    }
  }

  @Test
  void whatAKilledDaemonAskedOfAllPodsIsEndedAtTheNextStart() throws Exception {
    script("second", "true\n", "touch " + directory + "/reached\nexec sleep 1000\n");
    Thread asking = Thread.ofVirtual().start(() -> network.status());
    NodeOnTrial.await(() -> Files.exists(directory.resolve("reached")));

    try (CniNetwork _ = cni.open(LONG)) {
      // Killed long before STATUS has to answer; a plugin asked anew hangs, so nothing is asked.
      assertThat(asking.join(Duration.ofSeconds(6))).isTrue();
    }
  }

  @Test
  void nothingIsConnectedAnewOnceTheNetworkIsClosed() throws Exception {
    attach(1);
    network.close();
    Path other = node.netns("other");
    assertThatThrownBy(() -> network.attach(NodeOnTrial.pod(1), other, PodNetworkRequest.PLAIN))
        .isInstanceOf(NetworkException.Unfinished.class)
        .hasMessageContaining("the daemon is stopping");
  }

  @Test
  void aPluginThatOnceCouldNotSayItsVersionsIsAskedAgain() throws Exception {
    cni.install(
        "first",
        """
        cat > /dev/null
        case $CNI_COMMAND in
        VERSION) [ -e %s/well ] || exit 1; echo '{"supportedVersions": ["0.4.0"]}';;
        ADD) echo '%s';;
        esac
        """
            .formatted(directory, ADDRESS.replace("\n", " ")));
    attach(1);
    assertThat(given("second-ADD").get("cniVersion").getAsString()).isEqualTo("1.1.0");
    Files.createFile(directory.resolve("well"));
    attach(2);
    assertThat(given("second-ADD").get("cniVersion").getAsString()).isEqualTo("0.4.0");
    network.detach(NodeOnTrial.pod(1), Optional.empty());
    network.detach(NodeOnTrial.pod(2), Optional.empty());
  }

  @Test
  void aDaemonThatEndsInTheMiddleLeavesItsSuccessorToCallDel() throws Exception {
    script("second", "touch " + directory + "/reached\nsleep 1000\n", "exit 0\n");
    var over = new CountDownLatch(1);
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                attach(1);
              } catch (NetworkException _) {
                // Its plugin is killed.
              } finally {
                over.countDown();
              }
            });
    NodeOnTrial.await(() -> Files.exists(directory.resolve("reached")));

    // As after a kill: the record is there, and so is the plugin.
    try (CniNetwork successor = cni.open(LONG)) {
      assertThat(over.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(caller.join(LONG)).isTrue();
      successor.reconcile(Map.of());
      NodeOnTrial.awaitTeardown(successor);
    }
    assertThat(calls()).contains("DEL second", "DEL first");
    assertThat(nothingIsLeft()).isTrue();
  }

  @Test
  void theConfigurationIsReadAnewAndWhatIsWrongWithItIsSaid() throws Exception {
    assertThat(network.status()).isInstanceOf(NetworkStatus.Ready.class);

    cni.configure("05-broken.conf", "{\"name\": ");
    assertThat(notReady()).contains("05-broken.conf", "JSON");
    assertThatThrownBy(() -> attach(1)).isInstanceOf(NetworkException.NotConfigured.class);
    cni.configure(
        "05-broken.conf", "{\"name\": \"one\", \"cniVersion\": \"5.0\", \"type\": \"first\"}");
    assertThat(notReady()).contains("cniVersion 5.0", "1.1.0");
    cni.configure(
        "05-broken.conf", "{\"name\": \"one\", \"cniVersion\": \"1.0.0\", \"type\": \"none\"}");
    assertThat(notReady()).contains("no network plugin none in [" + cni.plugins + "]");

    cni.configure(
        "05-broken.conf", "{\"name\": \"one\", \"cniVersion\": \"1.0.0\", \"type\": \"first\"}");
    assertThat(network.status()).isInstanceOf(NetworkStatus.Ready.class);
    attach(1);
    assertThat(calls()).containsExactly("STATUS first", "STATUS second", "ADD first");

    // What was added under one configuration is deleted under it.
    Files.delete(cni.configurations.resolve("05-broken.conf"));
    network.detach(NodeOnTrial.pod(1), Optional.empty());
    assertThat(calls()).endsWith("ADD first", "DEL first");
    assertThat(nothingIsLeft()).isTrue();
  }

  private String notReady() {
    return ((NetworkStatus.NotReady) network.status()).reason();
  }

  @Test
  void aPluginThatIsNotWellMakesTheNodeNotReady() throws Exception {
    script("second", "true\n", "echo '{\"code\": 50, \"msg\": \"agent is down\"}'; exit 1\n");
    assertThat(notReady()).contains("plugin second (STATUS)", "agent is down (code 50)");
  }

  @Test
  void garbageIsCollectedAtTheStartAndLivePodsAreNone() throws Exception {
    attach(1);
    Path netns = directory.resolve("ns-pod1/ns/net");
    try (CniNetwork successor = cni.open(LONG)) {
      successor.reconcile(Map.of(NodeOnTrial.pod(1), netns));
      NodeOnTrial.await(() -> Files.exists(directory.resolve("second-GC.json")));
      NodeOnTrial.await(() -> {
        try {
          return given("second-GC").has("cni.dev/valid-attachments");
        } catch (IOException | IllegalStateException | JsonParseException _) {
          return false;
        }
      });
    }
    assertThat(given("second-GC").get("cni.dev/valid-attachments").toString())
        .isEqualTo("[{\"containerID\":\"" + NodeOnTrial.pod(1) + "\",\"ifname\":\"eth0\"}]");
    network.detach(NodeOnTrial.pod(1), Optional.empty());
  }

  @Test
  void anOldConfigurationIsSpokenToAsItWasThen() throws Exception {
    cni.configure("05.conf", "{\"name\": \"old\", \"cniVersion\": \"0.3.1\", \"type\": \"first\"}");
    attach(1);
    network.detach(NodeOnTrial.pod(1), Optional.empty());

    assertThat(network.status()).isInstanceOf(NetworkStatus.Ready.class);
    assertThat(given("first-ADD").get("cniVersion").getAsString()).isEqualTo("0.3.1");
    assertThat(given("first-DEL").has("prevResult")).isFalse();
    assertThat(calls()).containsExactly("ADD first", "DEL first");
  }

  @Test
  void theLatestVersionIsSpokenThatAllKnow() throws Exception {
    cni.install(
        "first",
        """
        cat > /dev/null
        case $CNI_COMMAND in
        VERSION) echo '{"supportedVersions": ["0.3.1", "0.4.0"]}';;
        ADD) echo '%s';;
        esac
        """
            .formatted(ADDRESS.replace("\n", " ")));
    attach(1);
    assertThat(given("second-ADD").get("cniVersion").getAsString()).isEqualTo("0.4.0");
    assertThat(given("second-ADD").get("prevResult").toString()).contains("\"version\":\"4\"");
    network.detach(NodeOnTrial.pod(1), Optional.empty());

    cni.configure("05.conf", "{\"name\": \"new\", \"cniVersion\": \"1.1.0\", \"type\": \"first\"}");
    assertThat(notReady()).contains("1.1.0", "plugin first", "0.4.0");
  }

  @Test
  void aPodThatAsksForMoreNetworksGetsThem() throws Exception {
    cni.configure(
        "20.conf", "{\"name\": \"side\", \"cniVersion\": \"1.0.0\", \"type\": \"first\"}");
    var request =
        new PodNetworkRequest(
            new PodMetadata("web", "shop", "u-1", 0),
            List.of(),
            new DnsConfig(List.of(), List.of(), List.of()),
            Map.of("cni.hearth.dev/networks", "side"),
            "");
    network.attach(NodeOnTrial.pod(1), node.netns("pod1"), request);
    network.detach(NodeOnTrial.pod(1), Optional.empty());

    assertThat(Files.readString(directory.resolve("calls"))).contains(" net1 ");
    assertThat(calls())
        .containsExactly(
            "ADD first", "ADD second", "ADD first", "DEL first", "DEL second", "DEL first");
  }

  @Test
  void aTornRecordStillHasItsAddressesGivenBack() throws Exception {
    attach(1);
    network.close();
    Path record = cni.records.resolve("pods").resolve(NodeOnTrial.pod(1).value());
    Files.writeString(record, "hearth net");

    network = cni.open(LONG);
    assertThat(network.reconcile(Map.of())).anyMatch(line -> line.contains("torn"));
    NodeOnTrial.awaitTeardown(network);
    assertThat(calls()).containsSubsequence("DEL second", "DEL first");
  }

  @Test
  void whatTheKubeletTellsOfTheNodesRangeIsRemembered() throws Exception {
    cni.configure(
        "05.conf",
        "{\"name\": \"r\", \"cniVersion\": \"1.0.0\", \"type\": \"first\","
            + " \"capabilities\": {\"ipRanges\": true}}");
    network.useRanges(List.of(IpPrefix.parse("10.244.1.0/24"), IpPrefix.parse("fd00:1::/64")));
    network.close();
    network = cni.open(LONG);
    attach(1);
    network.detach(NodeOnTrial.pod(1), Optional.empty());

    assertThat(given("first-ADD").get("runtimeConfig").toString())
        .isEqualTo(
            "{\"ipRanges\":[[{\"subnet\":\"10.244.1.0/24\"}],[{\"subnet\":\"fd00:1:0:0:0:0:0:0/64\"}]]}");
  }
}
