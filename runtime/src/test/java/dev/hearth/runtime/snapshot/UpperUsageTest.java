package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.ContainerId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpperUsageTest {
  private static final ContainerId ONE = new ContainerId("1".repeat(64));

  @TempDir Path upper;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final ExecutorService background = Executors.newSingleThreadExecutor();
  private final UpperUsage usage = new UpperUsage(background, () -> now);

  @AfterEach
  void stop() {
    background.shutdownNow();
  }

  private void waitForBackground() throws Exception {
    background.submit(() -> {}).get(10, TimeUnit.SECONDS);
  }

  private long inodes() {
    return usage.of(ONE, upper).orElseThrow().usage().inodes();
  }

  private void write(int files) throws IOException {
    for (int i = 0; i < files; i++) {
      Files.writeString(upper.resolve("f" + i), "x");
    }
  }

  @Test
  void measuresASmallOneAtOnceAndAgainWhenItIsOld() throws Exception {
    assertThat(inodes()).isEqualTo(1);
    write(3);
    assertThat(inodes()).isEqualTo(1);
    now = now.plusSeconds(10);
    assertThat(inodes()).isEqualTo(1);
    waitForBackground();
    assertThat(inodes()).isEqualTo(4);
    assertThat(usage.of(ONE, upper).orElseThrow().at()).isEqualTo(now);
  }

  @Test
  void measuresALargeOneInTheBackground() throws Exception {
    write(150);
    assertThat(usage.of(ONE, upper)).isEmpty();
    waitForBackground();
    assertThat(inodes()).isEqualTo(151);
  }

  @Test
  void forgetsWhatIsRemoved() throws Exception {
    assertThat(inodes()).isEqualTo(1);
    now = now.plusSeconds(10);
    usage.of(ONE, upper);
    usage.forget(ONE);
    waitForBackground();
    assertThat(usage.of(ONE, upper.resolve("gone"))).isEmpty();
  }

  @Test
  void countsWhatLiesVeryDeep() throws Exception {
    // Deeper than a path can name: only a shell that goes down step by step gets there.
    LayersContract.run(
        upper,
        "i=0; while [ $i -lt 1500 ]; do mkdir aaaa bbbb; cd -P aaaa; i=$((i + 1)); done;"
            + " head -c 1000000 /dev/zero > deep");
    assertThat(usage.of(ONE, upper)).isEmpty();
    waitForBackground();
    DiskUsage measured = usage.of(ONE, upper).orElseThrow().usage();
    assertThat(measured.inodes()).isEqualTo(1 + 2 * 1500 + 1);
    assertThat(measured.bytes()).isGreaterThan(1_000_000);
    LayersContract.run(upper, "rm -rf aaaa bbbb");
  }

  @Test
  void countsAFileOfSeveralNamesOnce() throws Exception {
    Files.write(upper.resolve("big"), new byte[1 << 20]);
    Files.createLink(upper.resolve("again"), upper.resolve("big"));
    Files.createDirectory(upper.resolve("dir"));
    Files.createLink(upper.resolve("dir/third"), upper.resolve("big"));
    Files.createSymbolicLink(upper.resolve("link"), Path.of("/"));
    LayersContract.run(upper, "truncate -s 1G sparse; touch \"$(printf 'a\\377b')\"");
    DiskUsage measured = usage.of(ONE, upper).orElseThrow().usage();
    assertThat(measured.inodes()).isEqualTo(6);
    assertThat(measured.bytes()).isBetween(1L << 20, (1L << 20) + 20_000);
  }
}
