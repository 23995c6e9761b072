package dev.hearth.runtime.registry;

import static dev.hearth.runtime.registry.FakeRegistry.bytes;
import static dev.hearth.runtime.registry.FakeRegistry.chunked;
import static dev.hearth.runtime.registry.FakeRegistry.cut;
import static dev.hearth.runtime.registry.FakeRegistry.redirect;
import static dev.hearth.runtime.registry.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.ImageReference;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a registry may do wrong, and what becomes of it. */
@Timeout(60)
class RepositoryFaultTest {
  private static final String MANIFEST =
      """
      {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
       "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,
                 "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
       "layers":[]}
      """;

  private final FakeRegistry registry = new FakeRegistry();
  private final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());
  private final RegistryClient client = Clients.client(RegistryHosts.DIRECT, pauses);
  private final byte[] content = new byte[500_000];
  private final String manifestPath = "/v2/a/b/manifests/1";
  private final Digest manifestDigest;
  private final Digest blob;
  private final String blobPath;

  RepositoryFaultTest() {
    new Random(1).nextBytes(content);
    blob = registry.blob("a/b", content);
    blobPath = "/v2/a/b/blobs/" + blob;
    manifestDigest = registry.manifest("a/b", "1", MediaTypes.DOCKER_MANIFEST, MANIFEST);
  }

  @AfterEach
  void close() {
    client.close();
    registry.close();
  }

  private Repository repository() throws RegistryException {
    return client.repository(ImageReference.parse(registry.domain() + "/a/b:1"), Credentials.NONE);
  }

  private Descriptor descriptor() {
    return new Descriptor("application/octet-stream", blob, content.length);
  }

  private byte[] fetch(Repository repository) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    repository.fetch(descriptor(), 0, out::write);
    return out.toByteArray();
  }

  // Manifests.

  @Test
  void givesAManifestByTagAndByDigest() throws Exception {
    FetchedManifest byTag = repository().manifest("1");
    assertThat(byTag.descriptor().digest()).isEqualTo(manifestDigest);
    assertThat(byTag.bytes()).asString(UTF_8).isEqualTo(MANIFEST);
    assertThat(byTag.manifest()).isInstanceOf(Manifest.ImageManifest.class);
    assertThat(repository().manifest(manifestDigest).descriptor()).isEqualTo(byTag.descriptor());
    assertThat(repository().resolve("1")).contains(manifestDigest);
    assertThat(registry.seen(manifestPath).getFirst().header("Accept"))
        .contains(MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST, MediaTypes.OCI_MANIFEST);
  }

  @Test
  void saysWhatIsNotFoundAndWhere() throws Exception {
    assertThatThrownBy(() -> repository().manifest("2"))
        .isInstanceOf(RegistryException.NotFound.class)
        .hasMessageContaining(registry.domain())
        .hasMessageContaining("a/b")
        .hasMessageContaining("manifest 2");
    assertThat(pauses).isEmpty();
  }

  @Test
  void refusesAManifestWithAnotherDigest() throws Exception {
    registry.serve("/v2/a/b/manifests/" + manifestDigest, "x", "{}".getBytes(UTF_8));
    assertThatThrownBy(() -> repository().manifest(manifestDigest))
        .isInstanceOf(RegistryException.DigestMismatch.class)
        .hasMessageContaining(manifestDigest.toString());
  }

  @Test
  void refusesAManifestThatContradictsItsHeader() throws Exception {
    registry.fault(
        manifestPath,
        status(200, "Content-Type", "x", "Docker-Content-Digest", manifestDigest.toString()));
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.DigestMismatch.class);
  }

  @Test
  void refusesAManifestBeyondItsBound() throws Exception {
    registry.fault(manifestPath, chunked(new byte[Manifest.MAX_BYTES + 1]));
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("larger than");
  }

  @Test
  void refusesSchema1AndStrangeTypes() throws Exception {
    registry.manifest(
        "a/b", "old", "application/vnd.docker.distribution.manifest.v1+prettyjws", "{}");
    assertThatThrownBy(() -> repository().manifest("old")).hasMessageContaining("schema 1");
    registry.manifest("a/b", "web", "text/html", "<html>");
    assertThatThrownBy(() -> repository().manifest("web"))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("not a JSON object");
    registry.manifest("a/b", "helm", "application/vnd.cncf.helm", "{\"schemaVersion\":2}");
    assertThatThrownBy(() -> repository().manifest("helm")).hasMessageContaining("media type");
    registry.manifest("a/b", "lie", MediaTypes.OCI_INDEX, MANIFEST);
    assertThatThrownBy(() -> repository().manifest("lie")).hasMessageContaining("calls itself");
  }

  @Test
  void bearsWithARegistryThatLimitsRates() throws Exception {
    registry.fault(manifestPath, status(429, "Retry-After", "7"), status(503), status(502));
    repository().manifest("1");
    assertThat(pauses).hasSize(3).element(0).isEqualTo(Duration.ofSeconds(7));
    assertThat(pauses.get(2)).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
  }

  @Test
  void givesUpInTheEndAndBoundsWhatIsAsked() throws Exception {
    registry.fault(
        manifestPath,
        status(429, "Retry-After", "100000"),
        status(429),
        status(429),
        status(429, "Retry-After", "1"));
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.Unreachable.class)
        .hasMessageContaining("too many requests");
    assertThat(pauses).hasSize(3).element(0).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void saysThatNobodyListens() throws Exception {
    registry.close();
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.Unreachable.class)
        .hasMessageContaining(registry.domain())
        .hasMessageContaining("refused");
    assertThat(pauses).hasSize(3);
  }

  @Test
  void saysThatANameDoesNotResolve() throws Exception {
    assertThatThrownBy(() ->
            client
                .repository(ImageReference.parse("registry.invalid:1/a/b"), Credentials.NONE)
                .manifest("1"))
        .isInstanceOf(RegistryException.Unreachable.class)
        .hasMessageContaining("does not resolve");
  }

  @Test
  void endsWhenInterrupted() throws Exception {
    registry.fault(manifestPath, registry.stall(0));
    Thread reader = Thread.currentThread();
    Thread.startVirtualThread(() -> {
      while (registry.seen(manifestPath).isEmpty()) {
        Thread.onSpinWait();
      }
      reader.interrupt();
    });
    assertThatThrownBy(() -> repository().manifest("1")).isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  // Redirects.

  @Test
  void followsARedirectElsewhere() throws Exception {
    try (FakeRegistry storage = new FakeRegistry()) {
      storage.serve("/some where", "x", content);
      registry.fault(blobPath, redirect(storage.url() + "/some where?sig=a|b"));
      assertThat(fetch(repository())).isEqualTo(content);
      assertThat(storage.seen().getFirst().path()).isEqualTo("/some%20where?sig=a%7Cb");
    }
  }

  @Test
  void asksAgainWhenTheSignedUrlHasRunOut() throws Exception {
    try (FakeRegistry storage = new FakeRegistry()) {
      storage.serve("/s", "x", content);
      storage.fault("/s", status(403));
      registry.fault(blobPath, redirect(storage.url() + "/s"), redirect(storage.url() + "/s"));
      assertThat(fetch(repository())).isEqualTo(content);
    }
  }

  @Test
  void refusesRedirectsInCirclesAndIntoNowhere() throws Exception {
    FakeRegistry.Fault[] circle = new FakeRegistry.Fault[11];
    Arrays.fill(circle, redirect(manifestPath));
    registry.fault(manifestPath, circle);
    assertThatThrownBy(() -> repository().manifest("1"))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("circles");
    for (String target : List.of("ftp://x/", "http://u:p@x/", "http:///", "//[", "file:/etc")) {
      registry.fault(manifestPath, redirect(target));
      assertThatThrownBy(() -> repository().manifest("1"))
          .as(target)
          .isInstanceOf(RegistryException.ProtocolViolation.class);
    }
  }

  // Blobs.

  @Test
  void resumesATransferThatBreaks() throws Exception {
    registry.fault(blobPath, cut(100_000), status(500), cut(150_000));
    assertThat(fetch(repository())).isEqualTo(content);
    assertThat(registry.seen(blobPath).stream().map(s -> s.header("Range")))
        .hasSize(4)
        .startsWith("")
        .last()
        .asString()
        .startsWith("bytes=");
  }

  @Test
  void beginsWhereItIsTold() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    repository().fetch(descriptor(), 123_456, out::write);
    assertThat(out.toByteArray()).isEqualTo(Arrays.copyOfRange(content, 123_456, content.length));
    assertThat(registry.seen(blobPath).getFirst().header("Range")).isEqualTo("bytes=123456-");
  }

  @Test
  void copesWithARegistryThatIgnoresRange() throws Exception {
    registry.fault(blobPath, bytes(content));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    repository().fetch(descriptor(), 123_456, out::write);
    assertThat(out.toByteArray()).isEqualTo(Arrays.copyOfRange(content, 123_456, content.length));
  }

  @Test
  void refusesAnotherPartThanAskedFor() throws Exception {
    registry.fault(blobPath, status(206, "Content-Range", "bytes 0-4/500000"));
    assertThatThrownBy(() -> repository().fetch(descriptor(), 5, (b, o, n) -> {}))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("another part");
  }

  @Test
  void noticesADripAndResumes() throws Exception {
    try (RegistryClient hasty =
        Clients.client(
            RegistryHosts.DIRECT, pauses, InstantSource.system(), Duration.ofMillis(300))) {
      registry.fault(blobPath, registry.drip());
      Repository repository =
          hasty.repository(ImageReference.parse(registry.domain() + "/a/b:1"), Credentials.NONE);
      assertThat(fetch(repository)).isEqualTo(content);
      assertThat(registry.seen(blobPath)).hasSize(2);
    }
  }

  @Test
  void noticesAStallAndResumes() throws Exception {
    try (RegistryClient hasty =
        Clients.client(
            RegistryHosts.DIRECT, pauses, InstantSource.system(), Duration.ofMillis(300))) {
      registry.fault(blobPath, registry.stall(100_000));
      Repository repository =
          hasty.repository(ImageReference.parse(registry.domain() + "/a/b:1"), Credentials.NONE);
      assertThat(fetch(repository)).isEqualTo(content);
    }
  }

  @Test
  void givesUpOnATransferThatGetsNowhere() throws Exception {
    registry.fault(blobPath, cut(10), cut(10), cut(10), cut(10));
    assertThatThrownBy(() -> fetch(repository()))
        .isInstanceOf(RegistryException.Unreachable.class)
        .hasMessageContaining(blob.toString());
    assertThat(pauses).hasSize(3);
  }

  @Test
  void doesNotGiveUpOnATransferThatGetsOn() throws Exception {
    registry.fault(
        blobPath, cut(90_000), cut(90_000), cut(90_000), cut(90_000), cut(90_000), cut(90_000));
    assertThat(fetch(repository())).isEqualTo(content);
  }

  @Test
  void refusesALyingLength() throws Exception {
    registry.fault(blobPath, bytes(new byte[10]));
    assertThatThrownBy(() -> fetch(repository()))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("announces 10 bytes where the manifest says 500000");
    registry.fault(blobPath, chunked(new byte[content.length + 1]));
    assertThatThrownBy(() -> fetch(repository()))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("longer than");
    assertThat(pauses).isEmpty();
  }

  @Test
  void resumesAfterABodyThatEndsEarlyWithoutAnError() throws Exception {
    registry.fault(blobPath, chunked(Arrays.copyOf(content, 100_000)));
    assertThat(fetch(repository())).isEqualTo(content);
  }

  @Test
  void endsWhenTheSinkFails() throws Exception {
    IOException full = new IOException("no room");
    assertThatThrownBy(() ->
            repository()
                .fetch(
                    descriptor(),
                    0,
                    (b, o, n) -> {
                      throw full;
                    }))
        .isSameAs(full);
    assertThat(registry.seen(blobPath)).hasSize(1);
  }

  @Test
  void givesSmallBlobsWholeAndVerified() throws Exception {
    assertThat(repository().blob(descriptor(), content.length)).isEqualTo(content);
    assertThatThrownBy(() -> repository().blob(descriptor(), 1000))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("1000 are allowed");
    registry.fault(blobPath, bytes(new byte[content.length]));
    assertThatThrownBy(() -> repository().blob(descriptor(), content.length))
        .isInstanceOf(RegistryException.DigestMismatch.class);
  }
}
