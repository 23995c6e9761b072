package dev.hearth.runtime.event;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Fans events out to any number of subscribers, each with a bounded queue. A publisher never waits:
 * a subscriber whose queue is full loses its subscription, and no other notices. Thread-safe; each
 * subscriber sees events in the order they were published.
 */
public final class ContainerEvents {
  private final int bound;
  private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

  /**
   * @param bound events a subscriber may lag behind before it is dropped
   */
  public ContainerEvents(int bound) {
    this.bound = bound;
  }

  public synchronized void publish(ContainerEvent event) {
    for (Subscription subscription : subscriptions) {
      if (!subscription.queue.offer(event)) {
        subscription.close();
      }
    }
  }

  public synchronized Subscription subscribe() {
    Subscription subscription = new Subscription();
    subscriptions.add(subscription);
    return subscription;
  }

  /** One subscriber's view. Used by one thread. */
  public final class Subscription implements AutoCloseable {
    private final BlockingQueue<ContainerEvent> queue = new ArrayBlockingQueue<>(bound);
    private volatile boolean closed;

    private Subscription() {}

    /** The next event, or empty when none came within the time given. */
    public Optional<ContainerEvent> next(Duration within) throws InterruptedException {
      return Optional.ofNullable(queue.poll(within.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Whether it was closed: by its owner, or because it lagged behind. */
    public boolean closed() {
      return closed;
    }

    @Override
    public void close() {
      closed = true;
      subscriptions.remove(this);
    }
  }
}
