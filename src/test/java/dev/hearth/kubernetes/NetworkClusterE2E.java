package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How pods are named and reached. */
@SideBySide
class NetworkClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  /** The lines that a script prints which runs to its end in a pod with more in its spec. */
  private static List<String> printed(String name, String script, String more) {
    try (KubePod pod =
        cluster()
            .run(
                name,
                """
                restartPolicy: Never
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "%s"]}
                """
                        .formatted(script)
                    + more)) {
      pod.awaitPhase("Succeeded");
      return pod.lines();
    }
  }

  @Test
  void podsReachOneAnotherByBothFamilies() {
    try (KubePod server =
        cluster()
            .run(
                "net-server",
                """
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "httpd -p 8080 -h /srv/www; %s"]}
                """
                    .formatted(STAY))) {
      server.awaitReady();
      List<String> addresses =
          server.get().at("status.podIPs").items().stream().map(ip -> ip.at("ip").text()).toList();
      assertThat(addresses).hasSize(2);
      assertThat(
              printed(
                  "net-client",
                  "wget -qO- http://%s:8080/; wget -qO- 'http://[%s]:8080/'"
                      .formatted(addresses.get(0), addresses.get(1)),
                  ""))
          .containsExactly("hearth", "hearth");
    }
  }

  @Test
  void loopbackIsUpAndThePodHasOneOtherDevice() {
    assertThat(
            printed(
                "net-devices",
                "ip -o link | grep -c 'lo:.*UP'; ip -o link | grep -c 'eth0.*UP'; ip -o link | wc -l",
                ""))
        .containsExactly("1", "1", "2");
  }

  @Test
  void aPodOnTheHostsNetworkHasTheNodesAddressAndDevices() {
    try (KubePod pod =
        cluster()
            .run(
                "net-host",
                """
                hostNetwork: true
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "ip -o link; hostname; %s"]}
                """
                    .formatted(STAY))) {
      pod.awaitReady();
      assertThat(pod.get().at("status.podIP").text()).isEqualTo(cluster().nodeAddress());
      pod.awaitLog("main", cluster().daemon().home().bridge());
    }
  }

  @Test
  void aPortOfTheHostLeadsToThePodByTcpAndUdp() throws IOException {
    int tcp = ControlPlane.freePort();
    int udp = ControlPlane.freePort();
    try (KubePod pod =
        cluster()
            .run(
                "net-port",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "httpd -p 8080 -h /srv/www; %s"]
                  ports: [{containerPort: 8080, hostPort: %d}, {containerPort: 8081, hostPort: %d, protocol: UDP}]
                """
                    .formatted(STAY, tcp, udp))) {
      pod.awaitReady();
      for (String address : List.of(cluster().nodeAddress(), "127.0.0.1")) {
        Cluster.await(() -> "a page from " + address, () -> page(address, tcp).contains("hearth"));
        long before = datagrams(pod, address, udp);
        Cluster.await(
            () -> "a datagram to " + address, () -> datagrams(pod, address, udp) > before + 1);
      }
      pod.delete(1);
      pod.awaitGone();
      assertThat(page("127.0.0.1", tcp)).isEmpty();
    }
  }

  private static String page(String address, int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), 2000);
      socket.setSoTimeout(2000);
      socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }

  /** Datagrams that reached the pod, where nobody waits for them. */
  private static long datagrams(KubePod pod, String address, int port) {
    byte[] sent = {1, 2, 3};
    try (var socket = new DatagramSocket()) {
      socket.send(new DatagramPacket(sent, sent.length, InetAddress.getByName(address), port));
      return Long.parseLong(pod.exec("awk", "/^Udp: [0-9]/ {print $3}", "/proc/net/snmp"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void namesOfThePodAreThoseThatItAsksFor() {
    assertThat(
            printed(
                "net-names",
                "hostname; grep -c 192.0.2.7.*alias.test /etc/hosts; grep -c $(hostname -i | cut -d' ' -f1).*net-names /etc/hosts; grep localhost /etc/hosts | wc -l",
                """
                hostname: asked
                subdomain: below
                hostAliases: [{ip: 192.0.2.7, hostnames: [alias.test, other.test]}]
                """))
        .first()
        .isEqualTo("asked");
    assertThat(
            printed(
                "net-hosts",
                "grep 192.0.2.7 /etc/hosts; grep below /etc/hosts | head -1 | tr '\\\\t' ' '",
                """
                hostname: asked
                subdomain: below
                hostAliases: [{ip: 192.0.2.7, hostnames: [alias.test, other.test]}]
                """))
        .satisfiesExactly(
            alias -> assertThat(alias).contains("alias.test").contains("other.test"),
            own -> assertThat(own).contains("asked.below.default.svc.cluster.test asked"));
  }

  @Test
  void aFullyQualifiedNameMayBeThePodsHostname() {
    assertThat(
            printed(
                "net-fqdn",
                "hostname",
                "hostname: asked\nsubdomain: below\nsetHostnameAsFQDN: true\n"))
        .containsExactly("asked.below.default.svc.cluster.test");
  }

  @Test
  void resolvConfIsWhatItsPolicySays() {
    assertThat(printed("dns-default", "cat /etc/resolv.conf", "dnsPolicy: Default\n"))
        .contains("nameserver 192.0.2.53", "search test.example");
    assertThat(printed("dns-cluster", "cat /etc/resolv.conf", ""))
        .contains("nameserver 192.0.2.10", "options ndots:5")
        .anyMatch(line -> line.startsWith("search default.svc.cluster.test svc.cluster.test"));
    assertThat(
            printed(
                "dns-none",
                "cat /etc/resolv.conf",
                """
                dnsPolicy: None
                dnsConfig: {nameservers: [192.0.2.99], searches: [own.test], options: [{name: timeout, value: "7"}]}
                """))
        .containsExactlyInAnyOrder("nameserver 192.0.2.99", "search own.test", "options timeout:7");
  }
}
