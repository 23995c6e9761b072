package dev.hearth.runtime.image;

import static dev.hearth.runtime.registry.FakeRegistry.bytes;
import static dev.hearth.runtime.registry.FakeRegistry.cut;
import static dev.hearth.runtime.registry.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.image.PullProgress.Phase;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.FakeRegistry;
import dev.hearth.runtime.registry.MediaTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PullImageFaultTest {
  @TempDir Path root;
  private final FakeRegistry registry = new FakeRegistry();
  private Fixture fixture;

  @BeforeEach
  void open() throws Exception {
    fixture = new Fixture(root);
  }

  @AfterEach
  void close() {
    fixture.close();
    registry.close();
  }

  private TestImage twoLayers() {
    return new TestImage().layer(1, 300_000).layer(2, 200_000);
  }

  private String blobPath(Digest digest) {
    return "/v2/a/b/blobs/" + digest;
  }

  private List<Path> unfinished() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("content/ingest"))) {
      return files.toList();
    }
  }

  private void reopen() throws Exception {
    fixture.close();
    fixture = new Fixture(root);
  }

  @Test
  void pullsAnImageAndKeepsIt() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    Image image = fixture.pull(registry, "a/b:1");
    assertThat(image.id()).isEqualTo(pushed.id);
    assertThat(image.repoTags()).containsExactly(registry.domain() + "/a/b:1");
    assertThat(image.repoDigests()).containsExactly(registry.domain() + "/a/b@" + pushed.manifest);
    assertThat(image.config().diffIds()).isEqualTo(pushed.diffIds);
    assertThat(image.config().entrypoint()).containsExactly("/e");
    assertThat(image.config().labels()).containsEntry("label", "");
    assertThat(image.size()).isGreaterThan(500_000);
    assertThat(fixture.blobs.list()).containsExactlyInAnyOrder(pushed.id, pushed.manifest);
    assertThat(unfinished()).isEmpty();
    reopen();
    assertThat(new ScanImages(fixture.content).scan()).isEmpty();
    assertThat(fixture.images.list()).containsExactly(image);
  }

  @Test
  void tellsHowItGetsOn() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    fixture.pull(registry, "a/b:1");
    for (Digest layer : pushed.layers) {
      assertThat(fixture.events.stream().filter(e -> e.layer().equals(layer)))
          .extracting(PullProgress.Event::phase)
          .startsWith(Phase.WAITING, Phase.DOWNLOADING)
          .endsWith(Phase.UNPACKING, Phase.DONE);
    }
  }

  @Test
  void asksOnlyForTheDigestWhenTheImageIsHere() throws Exception {
    twoLayers().push(registry, "a/b", "1");
    Image first = fixture.pull(registry, "a/b:1");
    int before = registry.seen().size();
    assertThat(fixture.pull(registry, "a/b:1")).isEqualTo(first);
    assertThat(registry.seen().subList(before, registry.seen().size()))
        .extracting(FakeRegistry.Seen::method)
        .containsExactly("HEAD");
    Image byDigest = fixture.pull(registry, "a/b@" + first.manifests().getFirst());
    assertThat(byDigest).isEqualTo(first);
    assertThat(registry.seen()).hasSize(before + 1);
  }

  @Test
  void doesNotFetchALayerThatIsHere() throws Exception {
    TestImage first = twoLayers().push(registry, "a/b", "1");
    fixture.pull(registry, "a/b:1");
    TestImage second = new TestImage().layer(1, 300_000).layer(3, 1000).push(registry, "a/b", "2");
    fixture.pull(registry, "a/b:2");
    assertThat(registry.seen(blobPath(first.layers.getFirst()))).hasSize(1);
    assertThat(fixture.depot.unpacked)
        .containsExactlyInAnyOrder(
            first.diffIds.get(0), first.diffIds.get(1), second.diffIds.get(1));
  }

  @Test
  void fetchesALayerThatOccursTwiceOnce() throws Exception {
    TestImage pushed =
        new TestImage().layer(1, 1000).layer(2, 10).layer(1, 1000).push(registry, "a/b", "1");
    Image image = fixture.pull(registry, "a/b:1");
    assertThat(image.config().diffIds()).hasSize(3);
    assertThat(registry.seen(blobPath(pushed.layers.getFirst()))).hasSize(1);
  }

  @Test
  void movesATagToTheImageItNamesNow() throws Exception {
    TestImage old = twoLayers().label("old").push(registry, "a/b", "1");
    fixture.pull(registry, "a/b:1");
    TestImage young = twoLayers().label("new").push(registry, "a/b", "1");
    Image image = fixture.pull(registry, "a/b:1");
    assertThat(image.id()).isEqualTo(young.id);
    reopen();
    Image untagged = fixture.images.find(old.id).orElseThrow();
    assertThat(untagged.repoTags()).isEmpty();
    assertThat(untagged.repoDigests()).hasSize(1);
    assertThat(fixture.images.resolve(registry.domain() + "/a/b:1")).contains(image);
  }

  @Test
  void gathersAllNamesOfOneImage() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    twoLayers().push(registry, "a/b", "2");
    twoLayers().push(registry, "c/d", "1");
    fixture.pull(registry, "a/b:1");
    fixture.pull(registry, "a/b:2");
    Image image = fixture.pull(registry, "c/d:1");
    assertThat(image.repoTags()).hasSize(3);
    assertThat(image.repoDigests()).hasSize(2);
    assertThat(fixture.images.list()).containsExactly(image);
    assertThat(image.id()).isEqualTo(pushed.id);
  }

  @Test
  void recordsNoTagForWhatIsPulledByDigest() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    Image image = fixture.pull(registry, "a/b:1@" + pushed.manifest);
    assertThat(image.repoTags()).isEmpty();
    assertThat(image.repoDigests()).containsExactly(registry.domain() + "/a/b@" + pushed.manifest);
  }

  @Test
  void choosesTheImageForThisHostFromAnIndex() throws Exception {
    TestImage arm = twoLayers();
    arm.architecture = "arm64";
    arm.variant = "v8";
    arm.push(registry, "a/b", "arm");
    TestImage amd = twoLayers().push(registry, "a/b", "amd");
    Digest index = TestImage.index(registry, "a/b", "1", arm.entry(), amd.entry());
    Image image = fixture.pull(registry, "a/b:1");
    assertThat(image.id()).isEqualTo(amd.id);
    assertThat(image.repoDigests()).containsExactly(registry.domain() + "/a/b@" + index);
    TestImage.index(registry, "a/b", "2", arm.entry());
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:2"))
        .isInstanceOf(HearthException.NotFound.class)
        .hasMessageContaining("linux/amd64");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:arm"))
        .isInstanceOf(HearthException.NotFound.class);
  }

  @Test
  void goesThroughNestedIndexesButNotForEver() throws Exception {
    TestImage amd = twoLayers().push(registry, "a/b", "amd");
    String entry = amd.entry();
    for (int depth = 1; depth <= 4; depth++) {
      Digest index = TestImage.index(registry, "a/b", "depth" + depth, entry);
      String json =
          "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
              .formatted(MediaTypes.OCI_INDEX, entry);
      entry =
          "{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"}"
              .formatted(MediaTypes.OCI_INDEX, json.length(), index);
    }
    assertThat(fixture.pull(registry, "a/b:depth3").id()).isEqualTo(amd.id);
    fixture.pulls.pull(registry.domain() + "/a/b:depth1", Credentials.NONE, e -> {});
    new RemoveImage(fixture.content).remove(amd.id.toString());
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:depth4"))
        .isInstanceOf(HearthException.HostFailure.class)
        .hasMessageContaining("nested");
  }

  @Test
  void resumesWithinThePullAndAfterIt() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    String path = blobPath(pushed.layers.getFirst());
    registry.fault(path, cut(100_000), cut(10), cut(10), cut(10));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.Busy.class)
        .hasMessageContaining("a/b:1");
    assertThat(fixture.images.list()).isEmpty();
    assertThat(unfinished()).isNotEmpty();
    reopen();
    int before = registry.seen(path).size();
    fixture.pull(registry, "a/b:1");
    List<FakeRegistry.Seen> after = registry.seen(path).subList(before, registry.seen(path).size());
    assertThat(after.getFirst().header("Range")).startsWith("bytes=1000");
    assertThat(unfinished()).isEmpty();
  }

  @Test
  void fetchesDamagedLeftoversAnew() throws Exception {
    TestImage pushed = twoLayers().push(registry, "a/b", "1");
    Files.write(
        root.resolve("content/ingest").resolve(pushed.layers.getFirst().hex()), new byte[5000]);
    fixture.pull(registry, "a/b:1");
    assertThat(unfinished()).isEmpty();
    assertThat(registry.seen(blobPath(pushed.layers.getFirst())).getLast().header("Range"))
        .isEmpty();
  }

  @Test
  void fetchesALayerDamagedOnItsWayOnceMore() throws Exception {
    TestImage pushed = new TestImage().layer(1, 300_000).push(registry, "a/b", "1");
    byte[] layer = TestImage.gzip(pushed.archives.getFirst());
    byte[] wrong = layer.clone();
    Arrays.fill(wrong, 50, wrong.length, (byte) 0);
    registry.fault(blobPath(pushed.layers.getFirst()), bytes(wrong));
    fixture.pull(registry, "a/b:1");
    reopen();
    new RemoveImage(fixture.content).remove(pushed.id.toString());
    wrong[layer.length - 1] ^= 1;
    registry.fault(blobPath(pushed.layers.getFirst()), bytes(wrong), bytes(wrong));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.HostFailure.class);
    assertThat(unfinished()).isEmpty();
    fixture.pull(registry, "a/b:1");
  }

  @Test
  void refusesALayerThatIsNotWhatItsConfigurationSays() throws Exception {
    TestImage pushed = twoLayers();
    pushed.falseDiffIds.add(Digest.sha256("1".repeat(64)));
    pushed.archives.removeLast();
    pushed.push(registry, "a/b", "1");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.HostFailure.class)
        .hasMessageContaining("1 layers but its configuration 2");
    TestImage lying = new TestImage().layer(7, 1000);
    lying.archives.addFirst(new byte[10]);
    lying.push(registry, "a/b", "2");
    byte[] other = TestImage.gzip(new byte[11]);
    Digest wrong = registry.blob("a/b", other);
    String manifest =
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"},{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"}]}"
            .formatted(
                MediaTypes.OCI_CONFIG,
                lying.configSize,
                lying.id,
                lying.layerType,
                other.length,
                wrong,
                lying.layerType,
                TestImage.gzip(lying.archives.get(1)).length,
                lying.layers.get(1));
    registry.manifest("a/b", "3", MediaTypes.OCI_MANIFEST, manifest);
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:3"))
        .isInstanceOf(HearthException.HostFailure.class)
        .hasMessageContaining("diffID");
    fixture.pull(registry, "a/b:2");
  }

  @Test
  void refusesWhatIsNoContainerImage() throws Exception {
    TestImage helm = twoLayers();
    helm.configType = "application/vnd.cncf.helm.config.v1+json";
    helm.push(registry, "a/b", "helm");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:helm"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("helm");
    TestImage encrypted = twoLayers();
    encrypted.layerType = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    encrypted.push(registry, "a/b", "enc");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:enc"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("encrypted");
    TestImage foreign = twoLayers();
    foreign.layerExtra = ",\"urls\":[\"https://example.com/layer\"]";
    foreign.push(registry, "a/b", "foreign");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:foreign"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("foreign");
    TestImage strange = twoLayers();
    strange.layerType = "text/plain";
    strange.push(registry, "a/b", "strange");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:strange"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("text/plain");
  }

  @Test
  void keepsItsBounds() throws Exception {
    fixture.close();
    fixture =
        new Fixture(root, Failpoints.NONE, new PullLimits(2, 2000, 250_000, 200_000, 2, 2, 2, 2));
    new TestImage().layer(1, 1).layer(2, 1).layer(3, 1).push(registry, "a/b", "layers");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:layers"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("3 layers");
    new TestImage().layer(1, 1).label("x".repeat(2000)).push(registry, "a/b", "config");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:config"))
        .hasMessageContaining("2000 are allowed");
    new TestImage().layer(1, 300_000).push(registry, "a/b", "big");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:big"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("250000 are allowed");
    TestImage bomb = new TestImage().layer(new byte[150_000]).layer(new byte[150_001]);
    bomb.push(registry, "a/b", "bomb");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:bomb"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("uncompressed");
    assertThat(fixture.images.list()).isEmpty();
    assertThat(fixture.depot.list()).isEmpty();
  }

  @Test
  void saysThatTheDiskIsFullAndKeepsWhatCanBeResumed() throws Exception {
    TestImage pushed = new TestImage().layer(1, 300_000).push(registry, "a/b", "1");
    fixture.depot.failure = Optional.of(new IOException("No space left on device"));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("disk is full");
    fixture.pull(registry, "a/b:1");
    assertThat(registry.seen(blobPath(pushed.layers.getFirst()))).hasSizeBetween(1, 2);
  }

  @Test
  void leavesTheLastOfTheDiskToOthers() throws Exception {
    TestImage pushed = new TestImage().layer(1, 300_000).push(registry, "a/b", "1");
    fixture.free = 200_000;
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("199000 free");
    assertThat(registry.seen(blobPath(pushed.layers.getFirst()))).isEmpty();
    fixture.free = 1L << 30;
    TestImage bomb = new TestImage().layer(2, 300_000).push(registry, "a/b", "2");
    registry.fault(
        blobPath(bomb.layers.getFirst()),
        (exchange, content) -> {
          fixture.free = 900;
          bytes(content).answer(exchange, content);
        });
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:2"))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("disk is full");
    assertThat(fixture.depot.list()).isEmpty();
  }

  @Test
  void tellsTheKindsOfRegistryFailureApart() throws Exception {
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:none"))
        .isInstanceOf(HearthException.NotFound.class)
        .hasMessageContaining("a/b:none");
    registry.fault("/v2/a/b/manifests/1", status(403));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.AccessDenied.class);
    registry.fault("/v2/a/b/manifests/1", status(418));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.HostFailure.class);
    for (String malformed : List.of("A/B", "sha256:" + "0".repeat(64), "0".repeat(64), "")) {
      assertThatThrownBy(() -> fixture.pulls.pull(malformed, Credentials.NONE, e -> {}))
          .as(malformed)
          .isInstanceOf(HearthException.class);
    }
  }

  private static final class FailAt implements Failpoints {
    private final AtomicInteger left;

    FailAt(int step) {
      left = new AtomicInteger(step);
    }

    @Override
    public void before(String step) {
      if (left.decrementAndGet() == 0) {
        throw new HearthException.HostFailure("step '" + step + "' fails", null);
      }
    }

    @Override
    public void after(String step) {}
  }

  @Test
  void survivesTheFailureOfAnyStep() throws Exception {
    TestImage old = twoLayers().label("old");
    TestImage young = twoLayers().layer(3, 1000).label("young");
    int failures = 0;
    for (boolean failed = true; failed; failures += failed ? 1 : 0) {
      fixture.close();
      Path own = Files.createDirectories(root.resolve("step" + failures));
      FailAt failpoints = new FailAt(0);
      fixture = new Fixture(own, failpoints, PullLimits.DEFAULT);
      old.push(registry, "a/b", "1");
      fixture.pull(registry, "a/b:1");
      young.push(registry, "a/b", "1");
      failpoints.left.set(failures + 1);
      try {
        fixture.pull(registry, "a/b:1");
        new RemoveImage(fixture.content).remove(young.id.toString());
        new RemoveImage(fixture.content).remove(old.id.toString());
        failed = false;
      } catch (HearthException.HostFailure e) {
        assertThat(e).hasMessageContaining("fails");
      }
      failpoints.left.set(0);
      assertThat(fixture.pull(registry, "a/b:1").id()).isEqualTo(young.id);
      new RemoveImage(fixture.content).remove(young.id.toString());
      new RemoveImage(fixture.content).remove(old.id.toString());
      assertThat(fixture.images.list()).isEmpty();
      assertThat(fixture.blobs.usage().files()).isZero();
      fixture.now = fixture.now.plusSeconds(7200);
      new CollectGarbage(fixture.content).collect();
      assertThat(fixture.depot.list()).isEmpty();
    }
    assertThat(failures).isGreaterThan(8);
  }

  @Test
  void refusesMalformedConfigurations() throws Exception {
    for (String config :
        List.of(
            "[]",
            "{\"config\":7}",
            "{\"config\":{\"Env\":\"A=b\"}}",
            "{\"config\":{\"Env\":[7]}}",
            "{\"config\":{\"User\":\"a\\u0000b\"}}",
            "{\"rootfs\":{\"diff_ids\":[\"md5:1\"]}}")) {
      Digest id = registry.blob("a/b", config.getBytes(UTF_8));
      registry.manifest(
          "a/b",
          "1",
          MediaTypes.OCI_MANIFEST,
          "{\"config\":{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"},\"layers\":[]}"
              .formatted(MediaTypes.OCI_CONFIG, config.length(), id));
      assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
          .as(config)
          .isInstanceOf(HearthException.HostFailure.class)
          .hasMessageContaining("malformed");
    }
  }
}
