package dev.hearth.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** The same for each of several things, each on a virtual thread of its own. */
public final class InParallel {
  private InParallel() {}

  /** Waits for all. The first failure is thrown in the end, with the others suppressed. */
  public static <T> void forEach(List<T> things, Consumer<T> action) {
    if (things.size() == 1) {
      action.accept(things.getFirst());
      return;
    }
    RuntimeException failure = null;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> futures = new ArrayList<>();
      things.forEach(thing -> futures.add(threads.submit(() -> action.accept(thing))));
      for (Future<?> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          RuntimeException cause =
              e.getCause() instanceof RuntimeException runtime
                  ? runtime
                  : new IllegalStateException(e.getCause());
          if (failure == null) {
            failure = cause;
          } else {
            failure.addSuppressed(cause);
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new HearthException.Busy("the daemon is stopping", e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
