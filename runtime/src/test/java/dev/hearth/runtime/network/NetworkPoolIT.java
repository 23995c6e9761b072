package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.Conversation.askTcp;
import static dev.hearth.runtime.network.Conversation.serveTcp;
import static dev.hearth.runtime.network.NodeOnTrial.awaitTeardown;
import static dev.hearth.runtime.network.NodeOnTrial.pod;
import static dev.hearth.runtime.network.NodeOnTrial.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import dev.hearth.runtime.network.FailingSockets.Manner;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NeedsRoot
class NetworkPoolIT {
  private static final int SIZE = 2;
  private static final PodNetworkRequest WEB =
      new PodNetworkRequest(List.of(new PortMapping(Protocol.TCP, 80, 8080, "")));

  @TempDir Path directory;
  private NodeOnTrial node;
  private BuiltInNetwork network;
  private PodNamespaces namespaces;
  private final List<Path> states = new ArrayList<>();

  @BeforeEach
  void build() throws Exception {
    node = new NodeOnTrial(directory);
    open(NetlinkSockets.KERNEL, SIZE);
    network.reconcile(Map.of());
  }

  private void open(NetlinkSockets sockets, int size) throws Exception {
    network = node.network(sockets, size, "hearth0", "10.9.0.0/29", "fd00:9::/64");
    namespaces = new PodNamespaces(NetlinkSockets.KERNEL, network.prepared(), node.blocking);
  }

  @AfterEach
  void tearDown() throws Exception {
    for (Path state : states) {
      namespaces.remove(state);
    }
    network.close();
    node.close();
  }

  private NetworkPool pool() {
    return (NetworkPool) network.prepared();
  }

  private void awaitFull() {
    NodeOnTrial.await(() -> pool().waiting() == SIZE);
  }

  private int count() {
    try {
      return node.hostLinks().size();
    } catch (LinuxException e) {
      throw new AssertionError(e);
    }
  }

  private Path state(int n) {
    Path state = directory.resolve("pod" + n);
    states.add(state);
    return state;
  }

  private Path create(int n, Map<String, String> sysctls) throws Exception {
    Path state = state(n);
    namespaces.create(
        state,
        new PodNamespaces.Request(
            EnumSet.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS), "pod" + n, sysctls));
    return PodNamespaces.pin(state, Namespace.NETWORK);
  }

  private static boolean isSpare(NetworkAttachment attachment) {
    return attachment.hostLink().substring(5).startsWith("00000000");
  }

  @Test
  void podsTakeWhatIsReadyAndArePodsLikeOthers() throws Exception {
    awaitFull();
    Path one = create(1, Map.of());
    Path two = create(2, Map.of());
    Path three = create(3, Map.of());
    NetworkAttachment first = network.attach(pod(1), one, WEB);
    NetworkAttachment second = network.attach(pod(2), two, PodNetworkRequest.PLAIN);
    network.attach(pod(3), three, PodNetworkRequest.PLAIN);

    assertThat(isSpare(first)).isTrue();
    assertThat(isSpare(second)).isTrue();
    assertThat(network.attach(pod(1), one, WEB)).isEqualTo(first);
    Map<PodId, Path> pods = Map.of(pod(1), one, pod(2), two, pod(3), three);
    for (Map.Entry<PodId, Path> pod : pods.entrySet()) {
      network.check(pod.getKey(), pod.getValue());
    }
    assertThat(network.statistics(pods)).hasSize(3);
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(two, first.addresses().getFirst().address().getHostAddress(), 80))
          .isEqualTo(second.addresses().getFirst().address().getHostAddress());
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
    }
    assertThat(run(node.host, "ip", "link", "show", first.hostLink()).output())
        .contains("alias pod " + pod(1));
  }

  @Test
  void poolIsFilledAgainAndDetachedPodsLeaveNothing() throws Exception {
    for (int i = 1; i <= 6; i++) {
      awaitFull();
      Path netns = create(i, Map.of());
      assertThat(isSpare(network.attach(pod(i), netns, WEB))).isTrue();
      network.detach(pod(i), Optional.of(netns));
      namespaces.remove(directory.resolve("pod" + i));
    }
    awaitFull();
    awaitTeardown(network);

    assertThat(node.hostLinks()).hasSize(3 + SIZE);
    network.remove();
    assertThat(node.hostLinks()).containsExactly("lo", "uplink");
  }

  @Test
  void podWithSysctlsOfItsNetworkGetsANewNamespaceSinceLinksTakeThemOverWhenMade()
      throws Exception {
    awaitFull();
    Path netns = create(1, Map.of("net.ipv4.conf.default.rp_filter", "2"));

    assertThat(isSpare(network.attach(pod(1), netns, PodNetworkRequest.PLAIN))).isFalse();
    assertThat(run(netns, "cat", "/proc/sys/net/ipv4/conf/eth0/rp_filter").output().strip())
        .isEqualTo("2");
  }

  @Test
  void podWithOtherSysctlsTakesWhatIsReady() throws Exception {
    awaitFull();
    Path netns = create(1, Map.of("kernel.msgmax", "4096"));

    assertThat(isSpare(network.attach(pod(1), netns, PodNetworkRequest.PLAIN))).isTrue();
  }

  @Test
  void oneThatIsTakenAndNeverAttachedIsGivenUp() throws Exception {
    for (int i = 1; i <= 10; i++) {
      awaitFull();
      create(i, Map.of());
      namespaces.remove(directory.resolve("pod" + i));
    }
    awaitFull();
    awaitTeardown(network);

    assertThat(node.hostLinks()).hasSize(3 + SIZE);
  }

  @Test
  void allAddressesCanBeHadByPodsWithoutThePool() throws Exception {
    awaitFull();
    for (int i = 1; i <= 5; i++) {
      network.attach(pod(i), node.netns("plain" + i), PodNetworkRequest.PLAIN);
    }
    Path sixth = node.netns("plain6");

    assertThatThrownBy(() -> network.attach(pod(6), sixth, PodNetworkRequest.PLAIN))
        .isInstanceOf(NetworkException.Exhausted.class);
    assertThat(pool().waiting()).isZero();
  }

  @Test
  void closingLeavesThePoolToTheKernelAndPodsConnected() throws Exception {
    awaitFull();
    Path netns = create(1, Map.of());
    NetworkAttachment attachment = network.attach(pod(1), netns, PodNetworkRequest.PLAIN);
    awaitFull();

    network.close();
    NodeOnTrial.await(() -> count() == 4);
    open(NetlinkSockets.KERNEL, SIZE);
    network.reconcile(Map.of(pod(1), netns));
    awaitFull();

    assertThat(node.hostLinks()).contains(attachment.hostLink()).hasSize(4 + SIZE);
    network.check(pod(1), netns);
    assertThat(network.reconcile(Map.of(pod(1), netns))).isEmpty();
    assertThat(node.hostLinks()).hasSize(4 + SIZE);
  }

  @Test
  void namespaceMadeAnewForAPodThatHasALeaseBringsItsOwnAddresses() throws Exception {
    awaitFull();
    NetworkAttachment first = network.attach(pod(1), create(1, Map.of()), WEB);
    awaitFull();
    Path netns = create(1, Map.of());
    NetworkAttachment second = network.attach(pod(1), netns, WEB);

    assertThat(second.addresses()).doesNotContainAnyElementsOf(first.addresses());
    network.check(pod(1), netns);
    assertThat(node.hostLinks()).doesNotContain(first.hostLink());
  }

  @Test
  void poolOfABridgeThatWasDeletedIsMadeAgain() throws Exception {
    awaitFull();
    run(node.host, "ip", "link", "del", "hearth0");
    network.status();
    awaitFull();

    Path netns = create(1, Map.of());
    network.attach(pod(1), netns, PodNetworkRequest.PLAIN);
    network.check(pod(1), netns);
    try (AutoCloseable _ = serveTcp(node.host, "::", 80)) {
      assertThat(askTcp(netns, "10.9.0.1", 80)).isNotEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyFailureWhileOneIsPreparedOrAdoptedLeavesNothing(Manner manner) throws Exception {
    network.remove();
    network.close();
    FailingSockets sockets = new FailingSockets(manner);
    open(sockets, 0);
    network.reconcile(Map.of());
    for (int n = 1; ; n++) {
      sockets.failAt(n);
      boolean through = prepareAndAdopt();
      through &= sockets.armed();
      sockets.failAt(0);
      awaitTeardown(network);
      assertThat(node.hostLinks()).containsExactly("lo", "uplink", "hearth0");
      assertThat(run(node.host, "nft", "list", "ruleset").output()).doesNotContain("elements");
      if (through) {
        assertThat(n).isGreaterThan(5);
        return;
      }
    }
  }

  private boolean prepareAndAdopt() throws Exception {
    NetworkPool one = new NetworkPool(1, network::prepare, network::discard);
    try {
      one.fillNow();
      Path pin = directory.resolve("pin");
      // Held as a pin would: the kernel takes away a namespace that nobody holds, link and all.
      try (Fd _ = one.take(pin).orElseThrow()) {
        NetworkAttachment prepared = one.claim(pin).orElseThrow();
        network.adopt(pod(1), prepared, WEB.ports());
        network.detach(pod(1), Optional.empty());
      }
      return true;
    } catch (NetworkException e) {
      assertThat(e).hasMessageContaining("on trial");
      return false;
    } finally {
      one.close();
    }
  }
}
