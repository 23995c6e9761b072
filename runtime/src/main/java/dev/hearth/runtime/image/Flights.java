package dev.hearth.runtime.image;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Work that is done once for all who want it at the same time. It goes on while anybody waits, and
 * is cancelled by an interrupt when the last of them has gone.
 *
 * @param <K> what makes two wishes the same
 */
final class Flights<K, V> {
  private final ExecutorService executor;

  // Guarded by itself, as are the flights' counters.
  private final Map<K, Flight<V>> flights = new HashMap<>();

  private static final class Flight<V> {
    final ProgressHub progress = new ProgressHub();
    final FutureTask<V> task;
    int waiting;

    Flight(Function<ProgressHub, Callable<V>> work) {
      this.task = new FutureTask<>(work.apply(progress));
    }
  }

  Flights(ExecutorService executor) {
    this.executor = executor;
  }

  /**
   * Waits for the work, beginning it if nobody has.
   *
   * @throws ExecutionException what the work threw
   * @throws CancellationException if the executor was shut down
   */
  V join(K key, PullProgress listener, Function<ProgressHub, Callable<V>> work)
      throws ExecutionException, InterruptedException {
    Flight<V> flight;
    synchronized (flights) {
      @Nullable Flight<V> under = flights.get(key);
      flight = under == null || under.task.isDone() ? begin(key, work) : under;
      flight.waiting++;
    }
    flight.progress.add(listener);
    try {
      return flight.task.get();
    } finally {
      flight.progress.remove(listener);
      leave(key, flight);
    }
  }

  private Flight<V> begin(K key, Function<ProgressHub, Callable<V>> work) {
    Flight<V> flight = new Flight<>(work);
    flights.put(key, flight);
    try {
      executor.execute(() -> {
        flight.task.run();
        synchronized (flights) {
          flights.remove(key, flight);
        }
      });
    } catch (RuntimeException e) {
      flights.remove(key, flight);
      throw e;
    }
    return flight;
  }

  private void leave(K key, Flight<V> flight) {
    synchronized (flights) {
      if (--flight.waiting == 0 && !flight.task.isDone()) {
        flight.task.cancel(true);
        flights.remove(key, flight);
      }
    }
  }
}
