package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.Conversation.askTcp;
import static dev.hearth.runtime.network.Conversation.serveTcp;
import static dev.hearth.runtime.network.NodeOnTrial.awaitTeardown;
import static dev.hearth.runtime.network.NodeOnTrial.pod;
import static dev.hearth.runtime.network.NodeOnTrial.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import dev.hearth.runtime.network.NodeOnTrial.Outcome;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Setting up, restarting, mending and taking away; and leaving others alone. */
@NeedsRoot
class BuiltInNetworkUpkeepIT {
  private static final String V4 = "10.9.0.0/24";
  private static final String V6 = "fd00:9::/64";
  private static final PortMapping WEB = new PortMapping(Protocol.TCP, 80, 8080, "");

  @TempDir Path directory;
  private NodeOnTrial node;
  private BuiltInNetwork network;

  @BeforeEach
  void build() throws Exception {
    node = new NodeOnTrial(directory);
    network = node.network("hearth0", V4, V6);
  }

  @AfterEach
  void tearDown() throws Exception {
    network.close();
    node.close();
  }

  private Path attach(int n, PortMapping... ports) throws Exception {
    Path netns = node.netns("pod" + n);
    network.attach(pod(n), netns, new PodNetworkRequest(List.of(ports)));
    return netns;
  }

  private String nft(String... arguments) throws Exception {
    List<String> line = new ArrayList<>(List.of("nft"));
    line.addAll(List.of(arguments));
    Outcome outcome = run(node.host, line.toArray(String[]::new));
    assertThat(outcome.exit()).as(outcome.output()).isZero();
    return outcome.output();
  }

  private void restart(Map<PodId, Path> live) throws Exception {
    network.close();
    network = node.network("hearth0", V4, V6);
    network.reconcile(live);
  }

  @Test
  void whatIsDetachedLeavesNoLinkLeaseOrRule() throws Exception {
    attach(1);
    network.detach(pod(1), Optional.empty());
    awaitTeardown(network);
    List<String> links = node.hostLinks();
    String rules = nft("list", "ruleset");

    for (int i = 2; i <= 4; i++) {
      attach(i, new PortMapping(Protocol.SCTP, 80, 8080 + i, "192.0.2.1"), web(9000 + i));
    }
    assertThat(node.hostLinks()).hasSize(links.size() + 3);
    assertThat(nft("list", "ruleset")).contains("sctp . 8082", "tcp . 9002");
    for (int i = 2; i <= 4; i++) {
      network.detach(pod(i), Optional.empty());
    }
    awaitTeardown(network);

    assertThat(node.hostLinks()).isEqualTo(links);
    assertThat(nft("list", "ruleset")).isEqualTo(rules);
    assertThat(leases()).isEmpty();
  }

  private static PortMapping web(int hostPort) {
    return new PortMapping(Protocol.TCP, 80, hostPort, "");
  }

  private List<Path> leases() throws Exception {
    try (var files = Files.list(directory.resolve("leases-hearth0").resolve("leases"))) {
      return files.toList();
    }
  }

  @Test
  void hostIsToldWhatWasSwitchedOn() throws Exception {
    List<String> first = network.reconcile(Map.of());
    List<String> second = network.reconcile(Map.of());

    assertThat(first).anyMatch(l -> l.contains("net.ipv4.ip_forward"));
    assertThat(first).anyMatch(l -> l.contains("net.ipv6.conf.all.forwarding"));
    assertThat(second).isEmpty();
    assertThat(node.hostNamespace.setting("net/ipv4/ip_forward")).contains("1");
    assertThat(node.hostNamespace.setting("net/ipv6/conf/all/forwarding")).contains("1");
  }

  @Test
  void defaultRouteFromARouterIsKeptWhenForwardingIsSwitchedOn() throws Exception {
    run(node.host, "ip", "-6", "route", "add", "fd98::/64", "dev", "uplink", "proto", "ra");

    List<String> notes = network.reconcile(Map.of());

    assertThat(notes).anyMatch(l -> l.contains("uplink heed router advertisements"));
    assertThat(node.hostNamespace.setting("net/ipv6/conf/uplink/accept_ra")).contains("2");
  }

  @Test
  void bridgeHasTheMtuOfTheUplinkAndSoHavePods() throws Exception {
    run(node.host, "ip", "link", "set", "uplink", "mtu", "1400");

    Path one = attach(1);

    assertThat(run(one, "ip", "link", "show", "eth0").output()).contains("mtu 1400");
  }

  @Test
  void restartFindsEverythingAsItWas() throws Exception {
    Path one = attach(1, WEB);

    restart(Map.of(pod(1), one));

    network.check(pod(1), one);
    assertThat(network.attach(pod(1), one, new PodNetworkRequest(List.of(WEB))).addresses())
        .contains(IpPrefix.parse("10.9.0.2/24"));
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
    }
  }

  @Test
  void restartTakesAwayPodsThatAreGoneAndLinksThatNobodyKnows() throws Exception {
    Path one = attach(1);
    attach(2, WEB);
    String stranger =
        network.attach(pod(3), node.netns("pod3"), PodNetworkRequest.PLAIN).hostLink();
    Files.delete(directory.resolve("leases-hearth0/leases").resolve(pod(3).value()));

    restart(Map.of(pod(1), one));
    awaitTeardown(network);

    assertThat(node.hostLinks()).doesNotContain(stranger).hasSize(4);
    assertThat(leases()).hasSize(1);
    assertThat(nft("list", "ruleset")).doesNotContain("8080");
    network.check(pod(1), one);
  }

  @Test
  void tornLeaseOfALivePodIsRecoveredFromItsNamespace() throws Exception {
    Path one = attach(1);
    Path lease = directory.resolve("leases-hearth0/leases").resolve(pod(1).value());
    Files.writeString(lease, "torn");
    network.close();
    network = node.network("hearth0", V4, V6);

    List<String> done = network.reconcile(Map.of(pod(1), one));

    assertThat(done).anyMatch(l -> l.contains(".bad")).anyMatch(l -> l.contains("recovered"));
    network.check(pod(1), one);
    assertThat(network.attach(pod(2), node.netns("pod2"), PodNetworkRequest.PLAIN).addresses())
        .doesNotContain(IpPrefix.parse("10.9.0.2/24"));
  }

  @Test
  void livePodWhoseLinkWasCutIsConnectedAnew() throws Exception {
    Path one = attach(1);
    run(one, "ip", "link", "del", "eth0");

    restart(Map.of(pod(1), one));

    network.check(pod(1), one);
  }

  @Test
  void missingLeaseAndMissingNamespaceOfALivePodAreReported() throws Exception {
    assertThat(network.reconcile(Map.of(pod(1), directory.resolve("nowhere"))))
        .anyMatch(l -> l.contains(pod(1).value()));
  }

  @Test
  void defectsAreNamedByCheckAndMendedByAttach() throws Exception {
    Path one = attach(1);
    record Damage(String expected, String command) {}
    List<Damage> damages =
        List.of(
            new Damage("lacks 10.9.0.2/24", "ip addr del 10.9.0.2/24 dev eth0"),
            new Damage("lacks fd00:9", "ip addr del fd00:9::2/64 dev eth0"),
            new Damage("default route", "ip route del default"),
            new Damage("down", "ip link set eth0 down"),
            new Damage("no link", "ip link del eth0"));
    for (Damage damage : damages) {
      run(one, "sh", "-c", damage.command);

      assertThat(messageOfCheck(one)).contains(damage.expected);
      network.attach(pod(1), one, PodNetworkRequest.PLAIN);
      assertThat(messageOfCheck(one)).isEmpty();
    }
  }

  private String messageOfCheck(Path netns) {
    try {
      network.check(pod(1), netns);
      return "";
    } catch (NetworkException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void flushedRulesetIsPutBackByStatusAndByTheNextHostPort() throws Exception {
    Path one = attach(1, WEB);
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      nft("flush", "ruleset");
      assertThat(network.status()).isInstanceOf(NetworkStatus.Ready.class);
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");

      nft("flush", "ruleset");
      attach(2, new PortMapping(Protocol.TCP, 80, 8081, ""));
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");

      nft("flush", "ruleset");
      network.detach(pod(2), Optional.empty());
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
    }
  }

  @Test
  void deletedBridgeIsMadeAgainAndPodsArePluggedBackIn() throws Exception {
    Path one = attach(1);
    run(node.host, "ip", "link", "del", "hearth0");

    Path two = attach(2);
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(two, "10.9.0.2", 80)).isEqualTo("10.9.0.3");
    }

    run(node.host, "ip", "link", "del", "hearth0");
    assertThat(network.status()).isInstanceOf(NetworkStatus.Ready.class);
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(two, "fd00:9::2", 80)).isEqualTo("fd00:9:0:0:0:0:0:3");
    }
  }

  @Test
  void linkOfAnotherKindUnderTheBridgesNameIsLeftAloneAndReported() throws Exception {
    run(node.host, "ip", "link", "add", "hearth0", "type", "ifb");

    assertThat(network.status())
        .isInstanceOfSatisfying(
            NetworkStatus.NotReady.class,
            s -> assertThat(s.reason()).contains("hearth0 exists and is not a bridge"));
    assertThat(run(node.host, "ip", "-d", "link", "show", "hearth0").output()).contains("ifb");
  }

  @Test
  void othersRulesAndLinksAreUntouchedAndTheirDropsAreWarnedOf() throws Exception {
    run(node.host, "ip", "link", "add", "h0000aaaaaaaaaa", "type", "ifb");
    run(node.host, "ip", "link", "add", "br7", "type", "bridge");
    nft(
        "add table ip others; add chain ip others theirs { type filter hook forward priority 0;"
            + " policy drop; }; add rule ip others theirs iifname uplink accept");
    String others = nft("list", "table", "ip", "others");

    attach(1, WEB);
    NetworkStatus status = network.status();
    network.detach(pod(1), Optional.empty());
    network.reconcile(Map.of());
    network.remove();

    assertThat(status)
        .isInstanceOfSatisfying(
            NetworkStatus.Ready.class,
            s ->
                assertThat(s.warnings()).anyMatch(w -> w.contains("chain theirs of table others")));
    assertThat(others).contains("policy drop");
    assertThat(nft("list", "ruleset")).isEqualTo(others);
    assertThat(node.hostLinks())
        .containsExactlyInAnyOrder("lo", "uplink", "h0000aaaaaaaaaa", "br7");
  }

  @Test
  void twoDaemonsLiveSideBySide() throws Exception {
    network.reconcile(Map.of());
    try (BuiltInNetwork other = node.network("br-two", "10.10.0.0/24", "fd00:10::/64")) {
      other.reconcile(Map.of());
      Path one = attach(1, WEB);
      Path two = node.netns("two");
      other.attach(
          pod(1), two, new PodNetworkRequest(List.of(new PortMapping(Protocol.TCP, 80, 81, ""))));
      network.reconcile(Map.of(pod(1), one));
      other.reconcile(Map.of(pod(1), two));

      try (AutoCloseable _ = serveTcp(two, "::", 80)) {
        assertThat(askTcp(one, "10.10.0.2", 80)).isEqualTo("10.10.0.1");
        assertThat(askTcp(node.world, "192.0.2.1", 81)).isEqualTo("192.0.2.2");
      }
      network.remove();
      other.check(pod(1), two);
      assertThat(nft("list", "tables")).contains("hearth-br-two").doesNotContain("hearth0");
      other.remove();
      assertThat(node.hostLinks()).containsExactly("lo", "uplink");
    }
  }

  @Test
  void fiftyPodsAtOnceGetFiftyAddressesAndAllGoAgain() throws Exception {
    network.reconcile(Map.of());
    Map<PodId, Path> pods = new HashMap<>();
    for (int i = 1; i <= 50; i++) {
      pods.put(pod(i), node.netns("pod" + i));
    }
    Set<InetAddress> addresses = new HashSet<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<NetworkAttachment>> attaching = new ArrayList<>();
      pods.forEach((pod, netns) ->
          attaching.add(
              executor.submit(() -> network.attach(pod, netns, PodNetworkRequest.PLAIN))));
      for (Future<NetworkAttachment> attached : attaching) {
        attached.get().addresses().forEach(a -> addresses.add(a.address()));
      }
      assertThat(addresses).hasSize(100);
      assertThat(network.statistics(pods)).hasSize(50);
      for (Map.Entry<PodId, Path> pod : pods.entrySet()) {
        network.check(pod.getKey(), pod.getValue());
        executor.execute(() -> network.detach(pod.getKey(), Optional.of(pod.getValue())));
      }
    }
    awaitTeardown(network);

    assertThat(node.hostLinks()).containsExactly("lo", "uplink", "hearth0");
    assertThat(leases()).isEmpty();
  }
}
