package dev.hearth.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {
  @TempDir Path folder;

  @Test
  void anEmptyFileIsTheDefaults() throws Exception {
    assertThat(read("")).isEqualTo(ConfigurationFile.defaults());
    assertThat(ConfigurationFile.of(Map.of())).isEqualTo(ConfigurationFile.defaults());
  }

  @Test
  void everyKeyIsRead() throws Exception {
    Configuration configuration =
        read(
            """
            root = "/srv/hearth"
            state = "/run/second/"
            socket = "/run/second/cri.sock"
            [log]
            level = "debug"
            [cgroup]
            parent = "/kube/second"
            driver = "cgroupfs"
            [registry]
            hosts = "/etc/containerd/certs.d"
            plain_http = ["127.0.0.1:5000", "[::1]:5000", "registry.local"]
            [images]
            pinned = ["registry.k8s.io/pause:*"]
            [network]
            mode = "bridge"
            bridge = "second0"
            subnets = ["192.168.64.0/20"]
            mtu = 9000
            cni_config = "/etc/second/net.d"
            cni_plugins = ["/opt/second/cni"]
            cni_timeout_ms = 30000
            [handlers]
            plain = ["runc"]
            user_namespace = ["own-users"]
            first_id = 200000
            ids_for_pods = 3
            [cdi]
            spec_dirs = ["/etc/second/cdi"]
            [nri]
            socket = "/run/nri/nri.sock"
            plugins = "/opt/second/nri"
            plugin_config = "/etc/second/nri"
            registration_timeout_ms = 10000
            request_timeout_ms = 500
            [stream]
            address = "[::1]:10010"
            """);

    assertThat(configuration)
        .isEqualTo(
            new Configuration(
                Path.of("/srv/hearth"),
                Path.of("/run/second"),
                Path.of("/run/second/cri.sock"),
                new Configuration.Log(LogLevel.DEBUG),
                new Configuration.Cgroup("/kube/second", CgroupDriver.CGROUPFS),
                new Configuration.Registry(
                    Path.of("/etc/containerd/certs.d"),
                    List.of("127.0.0.1:5000", "[::1]:5000", "registry.local")),
                new Configuration.Images(List.of("registry.k8s.io/pause:*")),
                new Configuration.Network(
                    NetworkMode.BRIDGE,
                    "second0",
                    List.of(Subnet.parse("192.168.64.0/20")),
                    9000,
                    new Configuration.Network.Cni(
                        Path.of("/etc/second/net.d"), List.of(Path.of("/opt/second/cni")), 30_000)),
                new Configuration.Handlers(List.of("runc"), List.of("own-users"), 200_000, 3),
                new Configuration.Cdi(List.of(Path.of("/etc/second/cdi"))),
                new Configuration.Nri(
                    Optional.of(Path.of("/run/nri/nri.sock")),
                    Path.of("/opt/second/nri"),
                    Path.of("/etc/second/nri"),
                    10_000,
                    500),
                new Configuration.Stream(
                    new InetSocketAddress(InetAddress.ofLiteral("::1"), 10010))));
    assertThat(configuration.network().ipv4()).contains(Subnet.parse("192.168.64.0/20"));
    assertThat(configuration.network().ipv6()).isEmpty();
  }

  @Test
  void thereAreNoPluginsUnlessTheirSocketIsNamed() throws Exception {
    assertThat(ConfigurationFile.defaults().nri().socket()).isEmpty();
    assertThat(read("[nri]\nsocket = \"\"\n").nri().socket()).isEmpty();
  }

  @Test
  void optionsStandAboveTheFile() throws Exception {
    Path file = file("root = \"/srv/file\"\n[log]\nlevel = \"debug\"\n");

    Configuration configuration =
        ConfigurationFile.read(file, Map.of(Key.ROOT, "/srv/option", Key.LOG_LEVEL, "trace"));

    assertThat(configuration.root()).isEqualTo(Path.of("/srv/option"));
    assertThat(configuration.log().level()).isEqualTo(LogLevel.TRACE);
  }

  @Test
  void theSocketFollowsTheStateUnlessItIsGiven() throws Exception {
    assertThat(read("state = \"/run/other\"").socket())
        .isEqualTo(Path.of("/run/other/hearth.sock"));
    assertThat(read("state = \"/run/other\"\nsocket = \"/run/cri.sock\"").socket())
        .isEqualTo(Path.of("/run/cri.sock"));
  }

  @Test
  void aKeyOfAnotherFormIsTheSameKey() throws Exception {
    assertThat(read("network.mtu = 1400")).isEqualTo(read("[network]\nmtu = 1400"));
    assertThat(read("network = {mtu = 1400}")).isEqualTo(read("[network]\nmtu = 1400"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          rooot = "/a"                   | 1: unknown key rooot; the nearest is root
          level = "info"                 | 1: unknown key level; the nearest is log.level
          \\n[network]\\nmut = 3         | 3: unknown key network.mut; the nearest is network.mtu
          [netwrok]\\nmtu = 1400         | 1: unknown key netwrok; the nearest is network
          [[cgroup]]\\nparent = "/a"     | 1: cgroup must be a table, written [cgroup]
          handlers.plain = ["A"]         | 1: handlers.plain holds names of small letters, digits and -, at most 63, not A
          handlers.plain = ["a", "a"]    | 1: handlers.plain has a name twice: [a, a]
          handlers.user_namespace = ["hearth"] | 1: handlers.user_namespace and handlers.plain both have hearth
          handlers.first_id = 1000       | 1: handlers.first_id must leave the node its own, up to 65535, not 1000
          handlers.ids_for_pods = 99999  | 1: handlers.ids_for_pods must be 1 to 49151, not 99999
          cdi.spec_dirs = ["here"]       | 1: cdi.spec_dirs must be an absolute path, not "here"
          log = "debug"                  | 1: log must be a table, written [log]
          root = 3                       | 1: root must be an absolute path, not 3
          root = "here"                  | 1: root must be an absolute path, not "here"
          [log]\\nlevel = "INFO"         | 2: log.level must be one of "error", "warn", "info", "debug", "trace", not "INFO"
          [cgroup]\\nparent = "hearth"   | 2: cgroup.parent must be a path like /hearth, without . or .., not hearth
          cgroup.parent = "/a/../b"      | 1: cgroup.parent must be a path like /hearth, without . or .., not /a/../b
          network.mtu = "1500"           | 1: network.mtu must be a whole number, not "1500"
          network.mtu = 4294967296       | 1: network.mtu must be a whole number, not 4294967296
          network.mtu = 576              | 1: network.mtu must be 0 or 1280 to 65535, not 576
          network.bridge = "a-very-long-name"   | 1: network.bridge must be a letter and at most 14 letters, digits, _ or -, not a-very-long-name
          network.subnets = "10.0.0.0/8" | 1: network.subnets must be a list of subnets, not "10.0.0.0/8"
          network.subnets = ["10.0.0.1/8"]  | 1: network.subnets 10.0.0.1/8 has bits set after its prefix
          network.subnets = ["10.0.0.0"] | 1: network.subnets a subnet is written ADDRESS/LENGTH, not 10.0.0.0
          network.subnets = ["pods/8"]   | 1: network.subnets Invalid IP address literal: pods
          network.subnets = ["10.0.0.0/8", "192.168.0.0/16"] | 1: network.subnets holds at most one IPv4 and one IPv6 subnet, not [10.0.0.0/8, 192.168.0.0/16]
          network.subnets = ["10.0.0.0/31"] | 1: network.subnets 10.0.0.0/31 has no room for a bridge and a pod
          network.subnets = []           | 1: network.subnets is empty: give a subnet, or set network.mode to "none" or "cni"
          registry.plain_http = ["http://a"] | 1: registry.plain_http holds hosts like registry.local:5000, not http://a
          state = "/var/lib/hearth/run"  | 1: state /var/lib/hearth/run and root /var/lib/hearth must not lie in one another
          root = "/a"\\nstate = = "/b"   | 2: Unexpected '=', expected a value
          root = "/a"\\nroot = "/b"      | 2: root previously defined at line 1, column 1
          """)
  void aMistakeIsNamedWithItsLine(String toml, String complaint) throws IOException {
    Path file = file(toml.replace("\\n", "\n"));

    assertThatThrownBy(() -> ConfigurationFile.read(file, Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(file + ":" + complaint);
  }

  @Test
  void aSocketPathThatUnixCannotHoldIsRefused() throws IOException {
    Path file = file("socket = \"/run/" + "s".repeat(103) + "\"");

    assertThatThrownBy(() -> ConfigurationFile.read(file, Map.of()))
        .hasMessageContaining(":1: socket ")
        .hasMessageEndingWith("longer than 107 bytes, see unix(7)");
  }

  @Test
  void allMistakesAreReportedAtOnce() throws IOException {
    Path file = file("rot = \"/a\"\n[network]\nmtu = 1\nbrigde = \"x\"\n[cgroup]\ndriver = 1\n");

    assertThatThrownBy(() -> ConfigurationFile.read(file, Map.of()))
        .hasMessageContainingAll(file + ":1: ", file + ":3: ", file + ":4: ", file + ":6: ");
  }

  @Test
  void aWrongOptionIsNamedAsAnOption() {
    assertThatThrownBy(() -> ConfigurationFile.of(Map.of(Key.LOG_LEVEL, "loud")))
        .hasMessageStartingWith("option --log-level: log.level must be one of ");
  }

  @Test
  void aFileThatIsAbsentOrUnreadableIsSaidSo() throws IOException {
    Path absent = folder.resolve("absent.toml");
    assertThatThrownBy(() -> ConfigurationFile.read(absent, Map.of()))
        .hasMessage(absent + ": there is no such file");

    Path binary = Files.write(folder.resolve("binary.toml"), new byte[] {(byte) 0xff, 0, 1});
    assertThatThrownBy(() -> ConfigurationFile.read(binary, Map.of()))
        .hasMessage(binary + ": is not UTF-8 text");
  }

  private Configuration read(String toml) throws Exception {
    return ConfigurationFile.read(file(toml), Map.of());
  }

  private Path file(String toml) throws IOException {
    return Files.writeString(folder.resolve("hearth.toml"), toml);
  }
}
