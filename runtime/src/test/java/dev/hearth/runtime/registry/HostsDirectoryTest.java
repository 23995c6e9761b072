package dev.hearth.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.registry.RegistryHost.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostsDirectoryTest {
  @TempDir Path root;

  private HostsDirectory hosts() {
    return new HostsDirectory(List.of(root.resolve("absent"), root));
  }

  private Path write(String directory, String toml) throws IOException {
    Path file = Files.createDirectories(root.resolve(directory)).resolve("hosts.toml");
    return Files.writeString(file, toml);
  }

  private static List<String> bases(List<RegistryHost> hosts) {
    return hosts.stream().map(h -> h.base().toString()).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "docker.io, https://registry-1.docker.io/v2",
    "quay.io, https://quay.io/v2",
    "quay.io:444, https://quay.io:444/v2",
    "localhost:5000, http://localhost:5000/v2",
    "127.1.2.3, http://127.1.2.3/v2",
    "127.0.0.1:443, https://127.0.0.1:443/v2",
    "[::1]:5000, 'http://[::1]:5000/v2'",
    "x.localhost, http://x.localhost/v2",
    "127.evil.com, https://127.evil.com/v2",
    "10.0.0.1:5000, https://10.0.0.1:5000/v2",
  })
  void asksTheRegistryItselfWithoutConfiguration(String domain, String base) throws Exception {
    List<RegistryHost> direct = hosts().of(domain);
    assertThat(bases(direct)).containsExactly(base);
    assertThat(direct.getFirst().upstream()).isTrue();
  }

  @Test
  void triesMirrorsInTheOrderOfTheFileAndTheServerLast() throws Exception {
    write(
        "docker.io",
        """
        server = "https://docker.io"
        [host."https://z.example:444"]
          capabilities = ["pull", "push"]
          skip_verify = true
          ca = ["ca.pem", "/abs.pem"]
          client = [["a.cert", "a.key"], ["b.pem", ""]]
          dial_timeout = "1m2s"
          [host."https://z.example:444".header]
            x-one = "1"
            x-two = ["2", "3"]
        [host."http://a.example/prefix/"]
        [host."https://b.example/raw"]
          override_path = true
        [host."c.example/x/v2"]
        """);
    List<RegistryHost> hosts = hosts().of("docker.io");
    assertThat(bases(hosts))
        .containsExactly(
            "https://z.example:444/v2",
            "http://a.example/prefix/v2",
            "https://b.example/raw",
            "https://c.example/x/v2",
            "https://registry-1.docker.io/v2");
    RegistryHost first = hosts.getFirst();
    assertThat(first.capabilities()).containsExactly(Capability.PULL);
    assertThat(first.upstream()).isFalse();
    assertThat(first.headers())
        .containsEntry("x-one", List.of("1"))
        .containsEntry("x-two", List.of("2", "3"));
    Path directory = root.resolve("docker.io");
    assertThat(first.tls())
        .isEqualTo(
            new TlsSettings(
                true,
                List.of(directory.resolve("ca.pem"), Path.of("/abs.pem")),
                List.of(
                    new TlsSettings.ClientCertificate(
                        directory.resolve("a.cert"), directory.resolve("a.key")),
                    new TlsSettings.ClientCertificate(
                        directory.resolve("b.pem"), directory.resolve("b.pem"))),
                Duration.ofSeconds(62)));
    assertThat(hosts.get(1).capabilities()).containsExactlyInAnyOrder(Capability.values());
    assertThat(hosts.getLast().upstream()).isTrue();
  }

  @Test
  void usesTheDefaultForRegistriesWithoutTheirOwn() throws Exception {
    write("_default", "server = \"http://127.0.0.1:5000\"\n[host.\"http://127.0.0.1:5000\"]\n");
    write("quay.io", "");
    assertThat(bases(hosts().of("gcr.io"))).containsExactly("http://127.0.0.1:5000/v2");
    assertThat(hosts().of("gcr.io").getFirst().upstream()).isTrue();
    assertThat(bases(hosts().of("quay.io"))).containsExactly("https://quay.io/v2");
  }

  @Test
  void takesThePortInEitherSpelling() throws Exception {
    write("reg_5000_", "server = \"http://reg:5000\"");
    write("reg:6000", "server = \"http://reg:6000\"");
    assertThat(bases(hosts().of("reg:5000"))).containsExactly("http://reg:5000/v2");
    assertThat(bases(hosts().of("reg:6000"))).containsExactly("http://reg:6000/v2");
  }

  @Test
  void countsAHostOfTheRegistrysOwnNameAsTheRegistry() throws Exception {
    write("reg:5000", "[host.\"http://reg:5000\"]\n[host.\"http://other\"]\n");
    List<RegistryHost> hosts = hosts().of("reg:5000");
    assertThat(hosts).extracting(RegistryHost::upstream).containsExactly(true, false, true);
  }

  @Test
  void readsAFileAgainWhenItChanges() throws Exception {
    HostsDirectory hosts = hosts();
    Path file = write("reg", "server = \"http://one\"");
    assertThat(bases(hosts.of("reg"))).containsExactly("http://one/v2");
    Files.writeString(file, "server = \"http://two\"");
    Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
    assertThat(bases(hosts.of("reg"))).containsExactly("http://two/v2");
    Files.delete(file);
    Files.delete(file.getParent());
    assertThat(bases(hosts.of("reg"))).containsExactly("https://reg/v2");
  }

  @Test
  void takesDockersCertificates() throws Exception {
    Path directory = Files.createDirectories(root.resolve("reg"));
    for (String name : List.of("b.crt", "a.crt", "c.cert", "c.key")) {
      Files.createFile(directory.resolve(name));
    }
    TlsSettings tls = hosts().of("reg").getFirst().tls();
    assertThat(tls.authorities())
        .containsExactly(directory.resolve("a.crt"), directory.resolve("b.crt"));
    assertThat(tls.clientCertificates())
        .containsExactly(
            new TlsSettings.ClientCertificate(
                directory.resolve("c.cert"), directory.resolve("c.key")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "server = ",
        "server = 7",
        "server = \"ftp://x\"",
        "server = \"http://u:p@x\"",
        "server = \"http://\"",
        "host = 7",
        "host.\"http://x\" = 7",
        "capabilities = [\"fly\"]",
        "capabilities = [7]",
        "skip_verify = \"yes\"",
        "client = [7]",
        "dial_timeout = \"soon\"",
        "dial_timeout = \"0s\"",
        "header = {host = \"x\"}",
        "header = {\"a b\" = \"x\"}",
      })
  void saysWhatIsWrongAndWhere(String toml) throws Exception {
    Path file = write("reg", toml);
    assertThatThrownBy(() -> hosts().of("reg"))
        .isInstanceOf(RegistryException.Misconfigured.class)
        .hasMessageContaining(file.toString());
  }
}
