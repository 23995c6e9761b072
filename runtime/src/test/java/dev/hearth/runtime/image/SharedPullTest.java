package dev.hearth.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.FakeRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several who pull at the same time. */
@Timeout(60)
class SharedPullTest {
  @TempDir Path root;
  private final FakeRegistry registry = new FakeRegistry();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);
  private Fixture fixture;

  @BeforeEach
  void open() throws Exception {
    fixture = new Fixture(root);
  }

  @AfterEach
  void close() {
    answer.countDown();
    fixture.close();
    registry.close();
    executor.shutdownNow();
  }

  /** An image whose layer arrives when the test says so. */
  private TestImage held(String tag, String label) {
    TestImage image = new TestImage().layer(1, 200_000).label(label).push(registry, "a/b", tag);
    registry.fault(
        "/v2/a/b/blobs/" + image.layers.getFirst(),
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, 1000);
          exchange.getResponseBody().flush();
          asked.countDown();
          try {
            answer.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.getResponseBody().write(content, 1000, content.length - 1000);
        });
    return image;
  }

  private Future<Image> pull(String tag, List<PullProgress.Event> events) {
    return executor.submit(
        () -> fixture.pulls.pull(registry.domain() + "/a/b:" + tag, Credentials.NONE, events::add));
  }

  private static void awaitEvent(List<PullProgress.Event> events) {
    while (events.isEmpty()) {
      Thread.onSpinWait();
    }
  }

  private static List<PullProgress.Event> events() {
    return new java.util.concurrent.CopyOnWriteArrayList<>();
  }

  @Test
  void shareOneTransferAndItsProgress() throws Exception {
    TestImage image = held("1", "");
    List<PullProgress.Event> first = events();
    List<PullProgress.Event> second = events();
    Future<Image> one = pull("1", first);
    asked.await();
    Future<Image> two = pull("1", second);
    awaitEvent(second);
    answer.countDown();
    assertThat(one.get(20, TimeUnit.SECONDS)).isEqualTo(two.get(20, TimeUnit.SECONDS));
    assertThat(registry.seen("/v2/a/b/manifests/1")).hasSize(1);
    assertThat(registry.seen("/v2/a/b/blobs/" + image.layers.getFirst())).hasSize(1);
    assertThat(second.getLast().phase()).isEqualTo(PullProgress.Phase.DONE);
  }

  @Test
  void surviveOneAnothersCancellation() throws Exception {
    held("1", "");
    List<PullProgress.Event> second = events();
    Future<Image> one = pull("1", events());
    asked.await();
    Future<Image> two = pull("1", second);
    awaitEvent(second);
    one.cancel(true);
    answer.countDown();
    assertThat(two.get(20, TimeUnit.SECONDS).repoTags()).hasSize(1);
  }

  @Test
  void endWhenTheLastHasGoneAndCanBeRepeated() throws Exception {
    TestImage image = held("1", "");
    Future<Image> one = pull("1", events());
    asked.await();
    one.cancel(true);
    Future<Image> again = pull("1", events());
    assertThat(again.get(20, TimeUnit.SECONDS).id()).isEqualTo(image.id);
    assertThat(registry.seen("/v2/a/b/blobs/" + image.layers.getFirst())).hasSize(2);
  }

  @Test
  void fetchALayerOnceForDifferentImages() throws Exception {
    TestImage image = held("1", "one");
    new TestImage().layer(1, 200_000).label("two").push(registry, "a/b", "2");
    List<PullProgress.Event> second = events();
    Future<Image> one = pull("1", events());
    asked.await();
    Future<Image> two = pull("2", second);
    awaitEvent(second);
    answer.countDown();
    assertThat(one.get(20, TimeUnit.SECONDS).id()).isNotEqualTo(two.get(20, TimeUnit.SECONDS).id());
    assertThat(registry.seen("/v2/a/b/blobs/" + image.layers.getFirst())).hasSize(1);
    assertThat(second.getLast().phase()).isEqualTo(PullProgress.Phase.PRESENT);
  }

  @Test
  void keepALayerFromRemovalThatAPullRelysOn() throws Exception {
    new TestImage().layer(2, 1000).label("old").push(registry, "a/b", "old");
    Image old = fixture.pull(registry, "a/b:old");
    TestImage image = new TestImage().layer(2, 1000);
    image.layer(1, 200_000).label("new").push(registry, "a/b", "new");
    Digest slow = image.layers.get(1);
    registry.fault(
        "/v2/a/b/blobs/" + slow,
        (exchange, content) -> {
          asked.countDown();
          try {
            answer.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content);
        });
    Future<Image> pulling = pull("new", events());
    asked.await();
    new RemoveImage(fixture.content).remove(old.id().toString());
    answer.countDown();
    Image pulled = pulling.get(20, TimeUnit.SECONDS);
    for (Digest diffId : pulled.config().diffIds()) {
      assertThat(fixture.depot.find(diffId)).isPresent();
    }
    assertThat(registry.seen("/v2/a/b/blobs/" + image.layers.getFirst())).hasSize(1);
  }

  @Test
  void waitForTheirOwnRegistryOnly() throws Exception {
    TestImage slow = new TestImage();
    CountDownLatch all = new CountDownLatch(PullLimits.DEFAULT.downloads());
    for (int layer = 0; layer <= PullLimits.DEFAULT.downloads(); layer++) {
      slow.layer(100 + layer, 100_000);
    }
    slow.push(registry, "a/b", "slow");
    for (Digest layer : slow.layers) {
      registry.fault(
          "/v2/a/b/blobs/" + layer,
          (exchange, content) -> {
            exchange.sendResponseHeaders(200, content.length);
            all.countDown();
            try {
              answer.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            exchange.getResponseBody().write(content);
          });
    }
    Future<Image> held = pull("slow", events());
    all.await();
    try (FakeRegistry other = new FakeRegistry()) {
      new TestImage().layer(1, 1000).push(other, "a/b", "quick");
      assertThat(fixture.pull(other, "a/b:quick").config().diffIds()).hasSize(1);
    }
    assertThat(held.isDone()).isFalse();
    answer.countDown();
    assertThat(held.get(20, TimeUnit.SECONDS).config().diffIds()).hasSize(slow.layers.size());
  }

  @Test
  void failTogetherWhenTheDaemonStops() throws Exception {
    held("1", "");
    List<Future<Image>> all = new ArrayList<>();
    all.add(pull("1", events()));
    asked.await();
    all.add(pull("1", events()));
    fixture.pulls.close();
    for (Future<Image> one : all) {
      assertThatThrownBy(() -> one.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("stopping");
    }
  }
}
