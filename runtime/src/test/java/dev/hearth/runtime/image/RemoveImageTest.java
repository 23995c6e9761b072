package dev.hearth.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.registry.FakeRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Removal, what it frees and what it must not, and the other verbs on images that are here. */
@Timeout(60)
class RemoveImageTest {
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

  private void remove(Object image) throws InterruptedException {
    new RemoveImage(fixture.content).remove(image.toString());
  }

  private Image pull(String tag, String label, int... layers) throws Exception {
    TestImage image = new TestImage().label(label);
    for (int layer : layers) {
      image.layer(layer, 1000);
    }
    image.push(registry, "a/b", tag);
    return fixture.pull(registry, "a/b:" + tag);
  }

  private void reopen() throws Exception {
    fixture.close();
    fixture = new Fixture(root);
  }

  @Test
  void freesEverythingAndMayBeRepeated() throws Exception {
    Image image = pull("1", "", 1, 2);
    remove(image.id());
    remove(image.id());
    remove(image.repoTags().getFirst());
    assertThat(fixture.images.list()).isEmpty();
    assertThat(fixture.depot.list()).isEmpty();
    assertThat(fixture.blobs.list()).isEmpty();
    reopen();
    assertThat(fixture.images.list()).isEmpty();
  }

  @Test
  void keepsWhatAnotherImageNeeds() throws Exception {
    Image one = pull("1", "one", 1, 2);
    Image two = pull("2", "two", 1, 3);
    remove(one.repoTags().getFirst());
    assertThat(fixture.depot.list()).containsExactlyInAnyOrderElementsOf(two.config().diffIds());
    assertThat(fixture.images.list()).containsExactly(two);
  }

  @Test
  void keepsTheLayersOfAContainerUntilItGoes() throws Exception {
    Image image = pull("1", "", 1, 2);
    Digest held = image.config().diffIds().getFirst();
    fixture.depot.held.add(held);
    remove(image.id());
    assertThat(fixture.images.list()).isEmpty();
    assertThat(fixture.depot.list()).containsExactly(held);
    CollectGarbage garbage = new CollectGarbage(fixture.content);
    garbage.collect();
    assertThat(fixture.depot.list()).containsExactly(held);
    fixture.depot.held.clear();
    garbage.collect();
    assertThat(fixture.depot.list()).isEmpty();
  }

  @Test
  void keepsThemOverARestartToo() throws Exception {
    Image image = pull("1", "", 1, 2);
    Digest held = image.config().diffIds().getFirst();
    fixture.depot.held.add(held);
    remove(image.id());
    reopen();
    fixture.depot.held.add(held);
    new ScanImages(fixture.content).scan();
    assertThat(fixture.depot.list()).containsExactly(held);
    fixture.depot.held.clear();
    new CollectGarbage(fixture.content).collect();
    assertThat(fixture.depot.list()).isEmpty();
  }

  @Test
  void keepsALayerOfAContainerWhoseImageIsPulledAgain() throws Exception {
    Image image = pull("1", "", 1);
    fixture.depot.held.addAll(image.config().diffIds());
    remove(image.id());
    fixture.pull(registry, "a/b:1");
    fixture.depot.held.clear();
    new CollectGarbage(fixture.content).collect();
    assertThat(fixture.depot.list()).hasSize(1);
  }

  @Test
  void keepsLayersOfABrokenPullForAWhile() throws Exception {
    TestImage image = new TestImage().layer(1, 1000);
    image.push(registry, "a/b", "1");
    fixture.depot.failure = java.util.Optional.of(new java.io.IOException("broken"));
    TestImage two = new TestImage().layer(2, 1000).push(registry, "a/b", "2");
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:1"))
        .isInstanceOf(HearthException.HostFailure.class);
    registry.remove("/v2/a/b/blobs/" + two.layers.getFirst());
    TestImage both = new TestImage().layer(1, 1000).layer(2, 1000);
    both.push(registry, "a/b", "3");
    registry.remove("/v2/a/b/blobs/" + both.layers.get(1));
    assertThatThrownBy(() -> fixture.pull(registry, "a/b:3"))
        .isInstanceOf(HearthException.NotFound.class);
    int left = fixture.depot.list().size();
    CollectGarbage garbage = new CollectGarbage(fixture.content);
    garbage.collect();
    assertThat(fixture.depot.list()).hasSize(left);
    fixture.now = fixture.now.plus(Duration.ofHours(2));
    garbage.collect();
    assertThat(fixture.depot.list()).isEmpty();
  }

  @Test
  void findsImagesByEveryName() throws Exception {
    Image one = pull("1", "one", 1);
    pull("2", "two", 1);
    ImageStatus status = new ImageStatus(fixture.content);
    String hex = one.id().hex();
    for (String name :
        new String[] {
          one.id().toString(),
          hex,
          hex.substring(0, 20),
          "sha256:" + hex.substring(0, 20),
          registry.domain() + "/a/b:1",
          registry.domain() + "/a/b@" + one.manifests().getFirst(),
          registry.domain() + "/a/b:whatever@" + one.manifests().getFirst()
        }) {
      assertThat(status.status(name, false))
          .as(name)
          .hasValueSatisfying(s -> assertThat(s.image()).isEqualTo(one));
      assertThat(new ListImages(fixture.images).list(name)).containsExactly(one);
    }
    assertThat(status.status("absent", false)).isEmpty();
    assertThat(status.status("sha256:" + "0".repeat(64), false)).isEmpty();
    assertThat(new ListImages(fixture.images).list("")).hasSize(2);
    assertThatThrownBy(() -> status.status("A B", false))
        .isInstanceOf(HearthException.InvalidRequest.class);
    assertThat(status.status(hex, true).orElseThrow().configJson()).contains("\"diff_ids\"");
  }

  @Test
  void tellsTheUserOfAnImage() throws Exception {
    for (String[] expected :
        new String[][] {
          {"", "", ""},
          {"1002", "1002", ""},
          {"www-data", "", "www-data"},
          {"1003:1004", "1003", ""},
          {"www-data:1004", "", "www-data"}
        }) {
      TestImage pushed = new TestImage().layer(1, 10);
      pushed.user = expected[0];
      pushed.push(registry, "a/b", "1");
      Image image = fixture.pull(registry, "a/b:1");
      assertThat(image.uid().isPresent() ? "" + image.uid().getAsLong() : "")
          .isEqualTo(expected[1]);
      assertThat(image.username()).isEqualTo(expected[2]);
    }
  }

  @Test
  void measuresWhatImagesTake() throws Exception {
    ImageFsInfo info = new ImageFsInfo(fixture.content, Path.of("/root"), () -> fixture.now);
    assertThat(info.usage().bytes()).isZero();
    pull("1", "", 1, 2);
    ImageFsInfo.Usage usage = info.usage();
    assertThat(usage.bytes()).isGreaterThan(2000);
    assertThat(usage.inodes()).isEqualTo(4);
    assertThat(usage.directory()).isEqualTo(Path.of("/root"));
    assertThat(usage.at()).isEqualTo(fixture.now);
  }

  @Test
  void pinsWhatTheOperatorWantsKept() throws Exception {
    new TestImage().layer(1, 10).push(registry, "pinned/x", "1");
    assertThat(fixture.pull(registry, "pinned/x:1").pinned()).isTrue();
    assertThat(pull("1", "other", 1).pinned()).isFalse();
  }

  @Test
  void setsImagesAsideThatMissALayerAndKeepsTheRestForTheNextPull() throws Exception {
    Image broken = pull("1", "broken", 1, 2);
    Image whole = pull("2", "whole", 3);
    fixture.depot.remove(broken.config().diffIds().getFirst());
    Files.write(root.resolve("content/blobs/sha256").resolve("1".repeat(64)), new byte[1]);
    reopen();
    assertThat(new ScanImages(fixture.content).scan())
        .singleElement()
        .asString()
        .contains("set aside", broken.config().diffIds().getFirst().toString());
    assertThat(fixture.images.list()).containsExactly(whole);
    assertThat(fixture.depot.list())
        .containsExactlyInAnyOrder(
            broken.config().diffIds().get(1), whole.config().diffIds().getFirst());
    assertThat(fixture.blobs.list())
        .containsExactlyInAnyOrder(whole.id(), whole.manifests().getFirst());
    int before = registry.seen().size();
    fixture.pull(registry, "a/b:1");
    assertThat(registry.seen().size() - before).isEqualTo(3);
  }

  @Test
  void aLayerThatCannotBeRemovedKeepsNothingElseFromBeing() throws Exception {
    Image whole = pull("1", "whole", 3);
    Path layers = root.resolve("layers");
    Path stuck = layers.resolve("2".repeat(64));
    Files.createDirectories(stuck.resolve("full"));
    Files.write(layers.resolve("1".repeat(64)), new byte[1]);
    Files.write(layers.resolve("9".repeat(64)), new byte[1]);
    reopen();
    assertThat(new ScanImages(fixture.content).scan())
        .singleElement()
        .asString()
        .contains(stuck.toString());
    assertThat(fixture.images.list()).containsExactly(whole);
    assertThat(fixture.depot.list())
        .containsExactlyInAnyOrder(
            whole.config().diffIds().getFirst(), Digest.sha256("2".repeat(64)));
  }

  @Test
  void settlesATagThatTwoRecordsClaim() throws Exception {
    Image old = pull("1", "old", 1);
    Path record = root.resolve("images").resolve(old.id().hex());
    byte[] stale = Files.readAllBytes(record);
    Image young = pull("1", "new", 1);
    fixture.close();
    Files.write(record, stale);
    fixture = new Fixture(root);
    assertThat(fixture.images.find(old.id()).orElseThrow().repoTags()).isEmpty();
    assertThat(fixture.images.resolve(registry.domain() + "/a/b:1")).contains(young);
    remove(young.id());
    reopen();
    assertThat(fixture.images.resolve(registry.domain() + "/a/b:1")).isEmpty();
  }

  @Test
  void reportsATornRecord() throws Exception {
    Image image = pull("1", "", 1);
    Files.write(root.resolve("images").resolve(image.id().hex()), new byte[] {'x'});
    reopen();
    assertThat(fixture.reports).singleElement().asString().contains("set aside");
    assertThat(fixture.images.list()).isEmpty();
  }
}
