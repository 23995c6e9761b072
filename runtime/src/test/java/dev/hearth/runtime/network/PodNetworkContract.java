package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every network of pods promises. The network under test has room for exactly five pods. */
abstract class PodNetworkContract {
  static final int ROOM = 5;
  static final PortMapping WEB = new PortMapping(Protocol.TCP, 80, 8080, "");

  static PodId pod(int n) {
    return new PodId(String.format("%010x", n) + "0".repeat(54));
  }

  /** The network under test, reconciled with no pods. */
  abstract PodNetwork network();

  /** A new, empty network namespace for a pod. */
  abstract Path netns(int pod) throws Exception;

  /** What a network says that has no address left. */
  Class<? extends NetworkException> fullness() {
    return NetworkException.Exhausted.class;
  }

  private NetworkAttachment attach(int n, PortMapping... ports) throws Exception {
    return network().attach(pod(n), netns(n), new PodNetworkRequest(List.of(ports)));
  }

  @Test
  void attachedPodHasAnInterfaceAnAddressAndAGateway() throws Exception {
    NetworkAttachment attachment = attach(1);

    assertThat(attachment.interfaceName()).isEqualTo("eth0");
    assertThat(attachment.addresses()).isNotEmpty();
    assertThat(attachment.gateways()).hasSameSizeAs(attachment.addresses());
    for (int i = 0; i < attachment.gateways().size(); i++) {
      assertThat(attachment.addresses().get(i).contains(attachment.gateways().get(i))).isTrue();
    }
  }

  @Test
  void podsHaveDifferentAddressesLinksAndHardwareAddresses() throws Exception {
    NetworkAttachment one = attach(1);
    NetworkAttachment two = attach(2);

    assertThat(one.addresses()).doesNotContainAnyElementsOf(two.addresses());
    assertThat(one.mac()).isNotEqualTo(two.mac());
    assertThat(one.hostLink()).isNotEqualTo(two.hostLink());
  }

  @Test
  void attachingAgainAnswersTheSame() throws Exception {
    Path netns = netns(1);
    NetworkAttachment first = network().attach(pod(1), netns, PodNetworkRequest.PLAIN);

    assertThat(network().attach(pod(1), netns, PodNetworkRequest.PLAIN)).isEqualTo(first);
    network().check(pod(1), netns);
  }

  @Test
  void detachingIsIdempotentAndLeavesNothing() throws Exception {
    Path netns = netns(1);
    network().attach(pod(1), netns, PodNetworkRequest.PLAIN);

    network().detach(pod(1), Optional.of(netns));
    network().detach(pod(1), Optional.empty());
    network().detach(pod(2), Optional.empty());

    assertThatThrownBy(() -> network().check(pod(1), netns)).isInstanceOf(NetworkException.class);
  }

  @Test
  void detachedPodCanBeAttachedAgain() throws Exception {
    Path netns = netns(1);
    network().attach(pod(1), netns, new PodNetworkRequest(List.of(WEB)));
    network().detach(pod(1), Optional.of(netns));

    network().attach(pod(1), netns, new PodNetworkRequest(List.of(WEB)));

    network().check(pod(1), netns);
  }

  @Test
  void fullNetworkSaysSoAndADetachedPodMakesRoomAtOnce() throws Exception {
    for (int i = 1; i <= ROOM; i++) {
      attach(i);
    }
    assertThatThrownBy(() -> attach(ROOM + 1)).isInstanceOf(fullness());

    network().detach(pod(3), Optional.empty());
    attach(ROOM + 1);
  }

  @Test
  void addressesRestBeforeTheyAreGivenAgain() throws Exception {
    Set<IpPrefix> seen = new HashSet<>();
    for (int i = 1; i <= ROOM; i++) {
      NetworkAttachment attachment = attach(i);
      assertThat(seen).doesNotContainAnyElementsOf(attachment.addresses());
      seen.addAll(attachment.addresses());
      network().detach(pod(i), Optional.empty());
    }
  }

  @Test
  void hostPortBelongsToOnePodUntilItIsDetached() throws Exception {
    attach(1, WEB);

    assertThatThrownBy(() -> attach(2, WEB))
        .isInstanceOf(NetworkException.HostPortTaken.class)
        .hasMessageContaining("8080/TCP");

    network().detach(pod(1), Optional.empty());
    attach(2, WEB);
  }

  @Test
  void hostPortOnNoAddressIsRefused() {
    assertThatThrownBy(() -> attach(1, new PortMapping(Protocol.TCP, 80, 8080, "nonsense")))
        .isInstanceOf(NetworkException.Invalid.class);
  }

  @Test
  void networkIsReady() {
    assertThat(network().status()).isInstanceOf(NetworkStatus.Ready.class);
  }

  @Test
  void reconcilingTakesAwayOtherPodsAndKeepsTheLive() throws Exception {
    Path live = netns(1);
    network().attach(pod(1), live, new PodNetworkRequest(List.of(WEB)));
    Path gone = netns(2);
    network().attach(pod(2), gone, PodNetworkRequest.PLAIN);

    assertThat(network().reconcile(Map.of(pod(1), live))).anyMatch(l -> l.contains(pod(2).value()));

    network().check(pod(1), live);
    NodeOnTrial.awaitTeardown(network());
    assertThatThrownBy(() -> network().check(pod(2), gone)).isInstanceOf(NetworkException.class);
  }

  @Test
  void statisticsAreOfThePodsThatAreThere() throws Exception {
    Path netns = netns(1);
    network().attach(pod(1), netns, PodNetworkRequest.PLAIN);

    Map<PodId, List<InterfaceStatistics>> statistics =
        network().statistics(Map.of(pod(1), netns, pod(2), Path.of("/nowhere")));

    assertThat(statistics).containsOnlyKeys(pod(1));
    assertThat(statistics.get(pod(1)))
        .extracting(InterfaceStatistics::interfaceName)
        .containsExactly("eth0");
  }
}
