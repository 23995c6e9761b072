package dev.hearth.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostPathsTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path folder;

  @Test
  void whatIsMissingBecomesAFolder() throws Exception {
    Path missing = folder.resolve("a/b");
    new HostPaths(SOON).prepare(List.of(folder, missing));
    assertThat(missing).isDirectory();
  }

  @Test
  void aPathThatDoesNotAnswerIsGivenUpByName() {
    CountDownLatch never = new CountDownLatch(1);
    HostPaths paths =
        new HostPaths(
            Duration.ofMillis(1),
            path -> {
              if (path.endsWith("dead")) {
                awaitQuietly(never);
              }
            });
    Path dead = folder.resolve("dead");
    assertThatThrownBy(() -> paths.prepare(List.of(dead)))
        .isInstanceOf(HearthException.TimedOut.class)
        .hasMessageContaining(dead.toString());
    for (int i = 1; i < 64; i++) {
      assertThatThrownBy(() -> paths.prepare(List.of(dead)))
          .isInstanceOf(HearthException.TimedOut.class);
    }
    assertThatThrownBy(() -> paths.prepare(List.of(dead))).isInstanceOf(HearthException.Busy.class);
    never.countDown();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatFailsIsSaid() {
    HostPaths paths =
        new HostPaths(
            SOON,
            path -> {
              throw new IOException("no room");
            });
    assertThatThrownBy(() -> paths.prepare(List.of(folder)))
        .isInstanceOf(IOException.class)
        .hasMessage("no room");
  }
}
