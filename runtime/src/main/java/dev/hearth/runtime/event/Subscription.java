package dev.hearth.runtime.event;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;

/** One subscriber's view of {@link ContainerEvents}. Used by one thread, closed by any. */
public final class Subscription implements AutoCloseable {
  /** Why there is nothing more, when its owner did not close it. */
  public enum End {
    /** It was more than the bound behind. */
    LAGGED,
    /** The daemon is stopping. */
    STOPPING
  }

  private final ContainerEvents events;
  private final int bound;
  private final Consumer<End> onEnd;

  /** Both under the monitor, which is taken after that of the events. */
  private final Deque<ContainerEvent> queue = new ArrayDeque<>();

  private boolean ended;

  Subscription(ContainerEvents events, int bound, Consumer<End> onEnd) {
    this.events = events;
    this.bound = bound;
    this.onEnd = onEnd;
  }

  /** Takes an event in, unless the queue is full. */
  synchronized boolean offer(ContainerEvent event) {
    if (queue.size() == bound) {
      return false;
    }
    queue.addLast(event);
    notifyAll();
    return true;
  }

  void end(End reason) {
    if (finish()) {
      onEnd.accept(reason);
    }
  }

  private synchronized boolean finish() {
    if (ended) {
      return false;
    }
    ended = true;
    queue.clear();
    notifyAll();
    return true;
  }

  /** Waits for the next event; empty when the subscription has ended. */
  public synchronized Optional<ContainerEvent> next() throws InterruptedException {
    while (queue.isEmpty() && !ended) {
      wait();
    }
    return Optional.ofNullable(queue.pollFirst());
  }

  @Override
  public void close() {
    events.drop(this);
    var _ = finish();
  }
}
