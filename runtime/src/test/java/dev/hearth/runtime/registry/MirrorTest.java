package dev.hearth.runtime.registry;

import static dev.hearth.runtime.registry.FakeRegistry.cut;
import static dev.hearth.runtime.registry.FakeRegistry.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.ImageReference;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A registry and its mirror, by hosts.toml. */
@Timeout(60)
class MirrorTest {
  private static final String MANIFEST = "{\"schemaVersion\":2,\"manifests\":[]}";
  private static final String PATH = "/v2/a/b/manifests/1";

  @TempDir Path directory;
  private final FakeRegistry registry = new FakeRegistry();
  private final FakeRegistry mirror = new FakeRegistry();
  private final List<Duration> pauses = new ArrayList<>();
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final RegistryClient client =
      Clients.client(
          domain -> new HostsDirectory(List.of(directory)).of(domain),
          pauses,
          () -> now,
          Duration.ofSeconds(20));

  @BeforeEach
  void configure() throws Exception {
    configure("capabilities = [\"pull\", \"resolve\"]");
    registry.manifest("a/b", "1", MediaTypes.OCI_INDEX, MANIFEST);
  }

  private void configure(String capabilities) throws Exception {
    Path file = directory.resolve("example.com").resolve("hosts.toml");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        """
        server = "%s"
        [host."%s"]
        %s
        """
            .formatted(registry.url(), mirror.url(), capabilities));
  }

  @AfterEach
  void close() {
    client.close();
    registry.close();
    mirror.close();
  }

  private Repository repository() throws RegistryException {
    return client.repository(ImageReference.parse("example.com/a/b:1"), Credentials.NONE);
  }

  @Test
  void isAskedFirstAndSavesTheRegistryTheWork() throws Exception {
    mirror.manifest("a/b", "1", MediaTypes.OCI_INDEX, MANIFEST);
    repository().manifest("1");
    assertThat(mirror.seen(PATH + "?ns=example.com")).hasSize(1);
    assertThat(registry.seen()).isEmpty();
  }

  @Test
  void mayLackWhatTheRegistryHas() throws Exception {
    repository().manifest("1");
    assertThat(mirror.seen()).hasSize(1);
    assertThat(registry.seen()).hasSize(1);
    assertThat(pauses).isEmpty();
  }

  @Test
  void isNotWaitedForLongAndThenPassedOverForAWhile() throws Exception {
    mirror.fault(PATH, status(503), status(503), status(503));
    repository().manifest("1");
    assertThat(pauses).hasSize(1);
    int before = mirror.seen().size();
    repository().manifest("1");
    assertThat(mirror.seen()).hasSize(before);
    now = now.plusSeconds(60);
    repository().manifest("1");
    assertThat(mirror.seen().size()).isGreaterThan(before);
  }

  @Test
  void mayBreakOffInTheMiddleOfABlob() throws Exception {
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);
    Digest blob = registry.blob("a/b", bytes);
    mirror.blob("a/b", bytes);
    mirror.fault("/v2/a/b/blobs/" + blob, cut(100_000), status(404));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    repository().fetch(new Descriptor("x", blob, bytes.length), 0, out::write);
    assertThat(out.toByteArray()).isEqualTo(bytes);
    assertThat(registry.seen().getFirst().header("Range")).startsWith("bytes=");
  }

  @Test
  void isNotTrustedWithMoreThanItsCapabilities() throws Exception {
    configure("capabilities = [\"pull\"]");
    mirror.manifest("a/b", "1", MediaTypes.OCI_INDEX, MANIFEST);
    repository().manifest("1");
    assertThat(mirror.seen()).isEmpty();
    assertThat(registry.seen()).hasSize(1);
  }

  @Test
  void isNamedWhenAllFail() throws Exception {
    registry.remove(PATH);
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.NotFound.class)
        .hasMessageContaining(registry.domain())
        .hasMessageContaining("tried before")
        .hasMessageContaining(mirror.domain());
  }

  @Test
  void tellsMoreThanARegistryThatDoesNotAnswer() throws Exception {
    registry.close();
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.NotFound.class)
        .hasMessageContaining("refused");
  }
}
