package dev.hearth.linux;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Platform threads for native calls that may block, such as mounts and syncs. A native call pins a
 * virtual thread's carrier without compensation, so a few slow ones would stop every other.
 *
 * <p>Threads end after ten idle seconds.
 */
public final class BlockingCalls implements AutoCloseable {
  /**
   * How many calls may block at once. They use no processor while they wait, so this is not the
   * number of processors; it bounds memory and how hard a disk is hit at once. A hundred pods going
   * away together unmount a hundred overlays, and sixteen of those in flight keep any disk busy.
   */
  public static final int DEFAULT_LIMIT = 16;

  private static final int IDLE_SECONDS = 10;

  private final Semaphore free;

  /** Bounded by {@link #free}: a thread that has just answered may not be idle yet. */
  private final ThreadPoolExecutor threads;

  /** A pool in which at most so many calls are in progress. */
  public BlockingCalls(int limit) {
    NativeCalls.load();
    free = new Semaphore(limit, true);
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform()
                .daemon()
                .name("blocking-call-", 0)
                .inheritInheritableThreadLocals(false)
                .factory());
  }

  /** A call that may block. */
  @FunctionalInterface
  public interface Call<T, E extends Exception> {
    T run() throws E;
  }

  /** A call that may block and answers nothing. */
  @FunctionalInterface
  public interface Action<E extends Exception> {
    void run() throws E;
  }

  /**
   * Makes the call, on this thread if it is a platform thread, else on one of the pool.
   *
   * <p>A call begun is waited for even when the caller is interrupted, since the kernel does not
   * take it back and what it opens must not be lost; the interrupt stays set.
   *
   * @throws InterruptedException when interrupted before the call began
   */
  public <T, E extends Exception> T call(Call<T, E> call) throws E, InterruptedException {
    if (!Thread.currentThread().isVirtual()) {
      return call.run();
    }
    free.acquire();
    try {
      var pending = new Pending<>(call);
      threads.execute(pending);
      return pending.await();
    } finally {
      free.release();
    }
  }

  /** As {@link #call}, for what answers nothing. */
  public <E extends Exception> void run(Action<E> action) throws E, InterruptedException {
    this.<Boolean, E>call(() -> {
      action.run();
      return true;
    });
  }

  /** Lets calls in progress end and accepts no more. */
  @Override
  public void close() {
    threads.shutdown();
  }

  /** One call on its way through the pool; its fields are handed over by the latch. */
  private static final class Pending<T, E extends Exception> implements Runnable {
    private final Call<T, E> call;
    private final CountDownLatch done = new CountDownLatch(1);
    private @Nullable T result;
    private @Nullable Throwable failure;

    Pending(Call<T, E> call) {
      this.call = call;
    }

    @Override
    public void run() {
      try {
        result = call.run();
      } catch (Throwable e) { // rethrown where it belongs, on the caller's thread
        failure = e;
      } finally {
        done.countDown();
      }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // E is all a call throws; set without failure
    T await() throws E {
      boolean interrupted = false;
      while (true) {
        try {
          done.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw (E) failure;
      }
      return result;
    }
  }
}
