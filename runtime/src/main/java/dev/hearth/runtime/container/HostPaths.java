package dev.hearth.runtime.container;

import dev.hearth.runtime.model.HearthException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Looks at paths of the host that containers bind. One may lie on a file system whose server is
 * gone, where even a look hangs for good: so it is taken on a thread of its own that is given up
 * after a while, and few may hang at once.
 */
final class HostPaths {
  /** Looks that may hang at a time. */
  private static final int AT_ONCE = 64;

  /** What is asked of one path. */
  @FunctionalInterface
  interface Look {
    void at(Path path) throws IOException;
  }

  private final Semaphore room = new Semaphore(AT_ONCE);
  private final Duration patience;
  private final Look look;

  /**
   * @param patience with all paths of one container together
   */
  HostPaths(Duration patience) {
    this(patience, HostPaths::makeMissing);
  }

  HostPaths(Duration patience, Look look) {
    this.patience = patience;
    this.look = look;
  }

  /** A host path that is bound and does not exist becomes a folder, as the peers have it. */
  private static void makeMissing(Path path) throws IOException {
    if (!Files.exists(path)) {
      Files.createDirectories(path);
    }
  }

  /**
   * Makes what is missing of these.
   *
   * @throws HearthException.TimedOut naming the one that does not answer
   * @throws HearthException.Busy if too many do not answer already
   */
  void prepare(List<Path> paths) throws IOException, InterruptedException {
    visit(paths, look);
  }

  /**
   * Looks at these, and waits for that no longer than for a file system that answers.
   *
   * @throws HearthException.TimedOut naming the one that does not answer
   * @throws HearthException.Busy if too many do not answer already
   */
  void visit(List<Path> paths, Look look) throws IOException, InterruptedException {
    if (paths.isEmpty()) {
      return;
    }
    if (!room.tryAcquire()) {
      throw new HearthException.Busy(
          AT_ONCE + " file systems of the node do not answer: mend or unmount them");
    }
    AtomicReference<Path> at = new AtomicReference<>(paths.getFirst());
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          try {
            for (Path path : paths) {
              at.set(path);
              look.at(path);
            }
            return true;
          } finally {
            room.release();
          }
        });
    Thread.ofPlatform().daemon().name("host-paths").start(task);
    try {
      task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HearthException.TimedOut(
          "the file system of mount source "
              + at.get()
              + " has not answered for "
              + patience.toSeconds()
              + " s: mend or unmount it");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case null, default -> throw new IllegalStateException("a look threw", e);
      }
    }
  }
}
