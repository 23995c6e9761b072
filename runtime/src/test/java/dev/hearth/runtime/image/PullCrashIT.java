package dev.hearth.runtime.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.registry.FakeRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon dies after every step of a pull and of a removal, on real layers. */
@NeedsRoot
@Timeout(240)
class PullCrashIT {
  private static final int MANY = 100;

  @TempDir Path root;
  private final FakeRegistry registry = new FakeRegistry();

  @AfterEach
  void close() {
    registry.close();
  }

  private static byte[] tar(int seed, int size) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      byte[] bytes = new byte[size];
      new Random(seed).nextBytes(bytes);
      TarArchiveEntry entry = new TarArchiveEntry("file" + seed);
      entry.setSize(size);
      tar.putArchiveEntry(entry);
      tar.write(bytes);
      tar.closeArchiveEntry();
    }
    return out.toByteArray();
  }

  private String reference(String tag) {
    return registry.domain() + "/a/b:" + tag;
  }

  private Process begin(Path directory, String verb, String image, int dieAfter)
      throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            PullProcess.class.getName(),
            directory.toString(),
            verb,
            image,
            Integer.toString(dieAfter))
        .redirectErrorStream(true)
        .redirectOutput(root.resolve("process.log").toFile())
        .start();
  }

  private int run(Path directory, String verb, String image, int dieAfter) throws Exception {
    Process process = begin(directory, verb, image, dieAfter);
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue())
          .as(Files.readString(root.resolve("process.log"), UTF_8))
          .isIn(0, PullProcess.DIED);
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aPullThatDiesAnywhereSucceedsWhenRepeated() throws Exception {
    TestImage old = new TestImage().layer(tar(1, 1000)).label("old");
    TestImage image = new TestImage().layer(tar(1, 1000)).layer(tar(2, 200_000)).label("new");
    int steps = 0;
    for (int step = 1; step < MANY; step++) {
      Path directory = Files.createDirectories(root.resolve("pull" + step));
      try (PullProcess before = new PullProcess(directory, Failpoints.NONE)) {
        old.push(registry, "a/b", "1");
        before.pull(reference("1"));
      }
      image.push(registry, "a/b", "1");
      boolean died = run(directory, "pull", reference("1"), step) == PullProcess.DIED;
      try (PullProcess after = new PullProcess(directory, Failpoints.NONE)) {
        assertThat(after.reports).isEmpty();
        Image pulled = after.pull(reference("1"));
        assertThat(pulled.id()).isEqualTo(image.id);
        assertThat(after.images.find(old.id).orElseThrow().repoTags()).isEmpty();
        for (Digest diffId : pulled.config().diffIds()) {
          assertThat(after.layers.has(diffId)).isTrue();
        }
        new RemoveImage(after.content).remove(pulled.id().toString());
        new RemoveImage(after.content).remove(old.id.toString());
        assertNothingIsLeft(directory);
      }
      if (!died) {
        break;
      }
      steps++;
    }
    assertThat(steps).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aRemovalThatDiesAnywhereLeavesNothing() throws Exception {
    TestImage image = new TestImage().layer(tar(1, 1000)).layer(tar(2, 5000));
    image.push(registry, "a/b", "1");
    int steps = 0;
    for (int step = 1; step < MANY; step++) {
      Path directory = Files.createDirectories(root.resolve("remove" + step));
      try (PullProcess before = new PullProcess(directory, Failpoints.NONE)) {
        before.pull(reference("1"));
      }
      boolean died = run(directory, "remove", reference("1"), step) == PullProcess.DIED;
      try (PullProcess after = new PullProcess(directory, Failpoints.NONE)) {
        new RemoveImage(after.content).remove(reference("1"));
        assertThat(after.images.list()).isEmpty();
        assertNothingIsLeft(directory);
      }
      if (!died) {
        break;
      }
      steps++;
    }
    assertThat(steps).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aPullKilledInTheMiddleOfALayerGoesOnByRange() throws Exception {
    TestImage image = new TestImage().layer(tar(3, 900_000)).push(registry, "a/b", "1");
    String path = "/v2/a/b/blobs/" + image.layers.getFirst();
    CountDownLatch half = new CountDownLatch(1);
    registry.fault(
        path,
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, 500_000);
          exchange.getResponseBody().flush();
          half.countDown();
          registry.stall(0).answer(exchange, content);
        });
    Process process = begin(root, "pull", reference("1"), 0);
    try {
      assertThat(half.await(60, TimeUnit.SECONDS)).isTrue();
      Path partial = root.resolve("content/ingest").resolve(image.layers.getFirst().hex());
      while (!Files.exists(partial) || Files.size(partial) < 400_000) {
        assertThat(process.isAlive()).isTrue();
        process.waitFor(5, TimeUnit.MILLISECONDS);
      }
    } finally {
      process.destroyForcibly(); // SIGKILL
      process.waitFor(10, TimeUnit.SECONDS);
    }
    try (PullProcess after = new PullProcess(root, Failpoints.NONE)) {
      assertThat(after.pull(reference("1")).id()).isEqualTo(image.id);
    }
    assertThat(registry.seen(path).getLast().header("Range")).matches("bytes=[45][0-9]{5}-");
  }

  private static void assertNothingIsLeft(Path directory) throws IOException {
    List<Path> left;
    try (Stream<Path> files = Files.walk(directory)) {
      left = files.filter(Files::isRegularFile).toList();
    }
    assertThat(left).isEmpty();
  }
}
