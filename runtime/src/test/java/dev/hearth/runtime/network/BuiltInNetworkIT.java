package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.Conversation.askTcp;
import static dev.hearth.runtime.network.Conversation.askUdp;
import static dev.hearth.runtime.network.Conversation.serveTcp;
import static dev.hearth.runtime.network.Conversation.serveUdp;
import static dev.hearth.runtime.network.NodeOnTrial.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What packets do. */
@NeedsRoot
class BuiltInNetworkIT {
  private static final String V4 = "10.9.0.0/24";
  private static final String V6 = "fd00:9::/64";

  @TempDir Path directory;
  private NodeOnTrial node;
  private BuiltInNetwork network;

  @BeforeEach
  void build() throws Exception {
    node = new NodeOnTrial(directory);
    network = node.network("hearth0", V4, V6);
    network.reconcile(Map.of());
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

  private static PortMapping tcp(int podPort, int hostPort, String hostIp) {
    return new PortMapping(Protocol.TCP, podPort, hostPort, hostIp);
  }

  @Test
  void podsTalkToEachOtherUnderTheirOwnAddresses() throws Exception {
    Path one = attach(1);
    Path two = attach(2);

    try (AutoCloseable _ = serveTcp(two, "::", 80)) {
      assertThat(askTcp(one, "10.9.0.3", 80)).isEqualTo("10.9.0.2");
      assertThat(askTcp(one, "fd00:9::3", 80)).isEqualTo("fd00:9:0:0:0:0:0:2");
    }
  }

  @Test
  void podAndHostReachEachOther() throws Exception {
    Path one = attach(1);

    try (AutoCloseable _ = serveTcp(node.host, "::", 80);
        AutoCloseable _ = serveTcp(one, "::", 81)) {
      assertThat(askTcp(one, "10.9.0.1", 80)).isEqualTo("10.9.0.2");
      assertThat(askTcp(one, "192.0.2.1", 80)).isEqualTo("10.9.0.2");
      assertThat(askTcp(one, "fd99::1", 80)).isEqualTo("fd00:9:0:0:0:0:0:2");
      assertThat(askTcp(node.host, "10.9.0.2", 81)).isEqualTo("10.9.0.1");
      assertThat(askTcp(node.host, "fd00:9::2", 81)).isEqualTo("fd00:9:0:0:0:0:0:1");
    }
  }

  @Test
  void theWorldSeesTheHostsAddressInsteadOfThePods() throws Exception {
    Path one = attach(1);

    try (AutoCloseable _ = serveTcp(node.world, "::", 80);
        AutoCloseable _ = serveUdp(node.world, 53)) {
      assertThat(askTcp(one, "192.0.2.2", 80)).isEqualTo("192.0.2.1");
      assertThat(askTcp(one, "fd99::2", 80)).isEqualTo("fd99:0:0:0:0:0:0:1");
      assertThat(askUdp(one, "192.0.2.2", 53)).isEqualTo("192.0.2.1");
      assertThat(askUdp(one, "fd99::2", 53)).isEqualTo("fd99:0:0:0:0:0:0:1");
    }
  }

  @Test
  void hostPortLeadsIntoThePodAndShowsItTheCaller() throws Exception {
    Path one = attach(1, tcp(80, 8080, ""), new PortMapping(Protocol.UDP, 53, 5353, ""));

    try (AutoCloseable _ = serveTcp(one, "::", 80);
        AutoCloseable _ = serveUdp(one, 53)) {
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
      assertThat(askTcp(node.world, "fd99::1", 8080)).isEqualTo("fd99:0:0:0:0:0:0:2");
      assertThat(askUdp(node.world, "192.0.2.1", 5353)).isEqualTo("192.0.2.2");
      assertThat(askUdp(node.world, "fd99::1", 5353)).isEqualTo("fd99:0:0:0:0:0:0:2");
    }
  }

  @Test
  void hostPortIsThereForTheHostItselfAlsoOnLoopbackOfIpv4() throws Exception {
    Path one = attach(1, tcp(80, 8080, ""), new PortMapping(Protocol.UDP, 53, 5353, ""));

    try (AutoCloseable _ = serveTcp(one, "::", 80);
        AutoCloseable _ = serveUdp(one, 53)) {
      assertThat(askTcp(node.host, "192.0.2.1", 8080)).isEqualTo("192.0.2.1");
      assertThat(askTcp(node.host, "fd99::1", 8080)).isEqualTo("fd99:0:0:0:0:0:0:1");
      assertThat(askTcp(node.host, "127.0.0.1", 8080)).isEqualTo("10.9.0.1");
      assertThatThrownBy(() -> askTcp(node.host, "::1", 8080))
          .isInstanceOf(ConnectException.class)
          .hasMessage("Connection refused");
      assertThat(askUdp(node.host, "127.0.0.1", 5353)).isEqualTo("10.9.0.1");
    }
  }

  @Test
  void hostPortIsThereForPodsAlsoForTheOneItLeadsTo() throws Exception {
    Path one = attach(1, tcp(80, 8080, ""));
    Path two = attach(2);

    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(two, "192.0.2.1", 8080)).isEqualTo("10.9.0.1");
      assertThat(askTcp(two, "fd99::1", 8080)).isEqualTo("fd00:9:0:0:0:0:0:1");
      assertThat(askTcp(two, "10.9.0.1", 8080)).isEqualTo("10.9.0.1");
      assertThat(askTcp(one, "192.0.2.1", 8080)).isEqualTo("10.9.0.1");
      assertThat(askTcp(one, "fd99::1", 8080)).isEqualTo("fd00:9:0:0:0:0:0:1");
    }
  }

  @Test
  void hostPortOfOneAddressIsClosedOnOthers() throws Exception {
    Path one = attach(1, tcp(80, 8080, "192.0.2.1"), tcp(80, 8081, "::"));

    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
      assertThatThrownBy(() -> askTcp(node.world, "fd99::1", 8080))
          .isInstanceOf(ConnectException.class);
      assertThatThrownBy(() -> askTcp(node.host, "127.0.0.1", 8080))
          .isInstanceOf(ConnectException.class);
      assertThat(askTcp(node.world, "fd99::1", 8081)).isEqualTo("fd99:0:0:0:0:0:0:2");
      assertThatThrownBy(() -> askTcp(node.world, "192.0.2.1", 8081))
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void hostPortIsClosedWhenDetachReturns() throws Exception {
    Path one = attach(1, tcp(80, 8080, ""));

    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");

      network.detach(pod(1), Optional.of(one));

      assertThatThrownBy(() -> askTcp(node.world, "192.0.2.1", 8080))
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void addressAndPortGivenToAnotherPodLeadThere() throws Exception {
    for (int i = 1; i <= 3; i++) {
      Path netns = attach(i, tcp(80, 8080, ""), new PortMapping(Protocol.UDP, 53, 5353, ""));
      try (AutoCloseable _ = serveTcp(netns, "::", 80);
          AutoCloseable _ = serveUdp(netns, 53)) {
        assertThat(askTcp(node.world, "192.0.2.1", 8080)).isEqualTo("192.0.2.2");
        assertThat(askUdp(node.world, "192.0.2.1", 5353)).isEqualTo("192.0.2.2");
      }
      network.detach(pod(i), Optional.of(netns));
    }
  }

  @Test
  void podCannotReachTheHostsLoopback() throws Exception {
    Path one = attach(1);
    NodeOnTrial.run(one, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet");
    NodeOnTrial.run(one, "ip", "route", "del", "table", "local", "127.0.0.0/8", "dev", "lo");
    NodeOnTrial.run(one, "ip", "route", "add", "127.0.0.5", "via", "10.9.0.1");

    try (AutoCloseable _ = serveTcp(node.host, "127.0.0.5", 9000)) {
      assertThatThrownBy(() -> askTcp(one, "127.0.0.5", 9000))
          .isInstanceOf(java.io.IOException.class);

      NodeOnTrial.run(node.host, "nft", "flush", "chain", "inet", "hearth0", "guard");
      assertThat(askTcp(one, "127.0.0.5", 9000)).as("without the guard").isEqualTo("10.9.0.2");
    }
  }

  @Test
  void statisticsAreWhatThePodItselfCounts() throws Exception {
    Path one = attach(1);
    try (AutoCloseable _ = serveTcp(node.host, "::", 80)) {
      askTcp(one, "10.9.0.1", 80);
    }

    long[] before = counters(one);
    InterfaceStatistics statistics =
        network.statistics(Map.of(pod(1), one)).values().iterator().next().getFirst();
    long[] after = counters(one);

    assertThat(before).doesNotContain(0);
    assertThat(statistics.rxBytes()).isBetween(before[0], after[0]);
    assertThat(statistics.rxPackets()).isBetween(before[1], after[1]);
    assertThat(statistics.txBytes()).isBetween(before[2], after[2]);
    assertThat(statistics.txPackets()).isBetween(before[3], after[3]);
  }

  /** Received bytes and packets, sent bytes and packets, as the pod counts them. */
  private static long[] counters(Path netns) throws Exception {
    String[] fields =
        NodeOnTrial.run(netns, "grep", "eth0", "/proc/net/dev")
            .output()
            .strip()
            .split("[\\s:]+", -1);
    return new long[] {
      Long.parseLong(fields[1]),
      Long.parseLong(fields[2]),
      Long.parseLong(fields[9]),
      Long.parseLong(fields[10])
    };
  }

  @Test
  void podsThatAskForABandwidthAreLimitedToItBothWays() throws Exception {
    Path one = node.netns("limited");
    var request =
        new PodNetworkRequest(
            new PodMetadata("limited", "", "", 0),
            List.of(),
            new DnsConfig(List.of(), List.of(), List.of()),
            Map.of(
                "kubernetes.io/ingress-bandwidth", "10M",
                "kubernetes.io/egress-bandwidth", "40G"),
            "");
    NetworkAttachment attachment = network.attach(pod(1), one, request);

    assertThat(
            NodeOnTrial.run(node.host, "tc", "qdisc", "show", "dev", attachment.hostLink())
                .output())
        .contains("qdisc tbf", "rate 10Mbit");
    assertThat(NodeOnTrial.run(one, "tc", "qdisc", "show", "dev", "eth0").output())
        .contains("qdisc tbf", "rate 40Gbit");
    try (AutoCloseable _ = serveTcp(one, "::", 80)) {
      assertThat(askTcp(node.host, "10.9.0.2", 80)).isEqualTo("10.9.0.1");
    }
  }
}
