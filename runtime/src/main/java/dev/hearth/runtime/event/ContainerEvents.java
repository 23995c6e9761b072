package dev.hearth.runtime.event;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Fans events out to any number of subscribers, each with a bounded queue. A publisher never waits:
 * a subscriber whose queue is full loses its subscription, and no other notices. Thread-safe; all
 * subscribers see all events in one order, that of publishing.
 *
 * <p>Events that nobody is there to take are kept for a while and go to the first who comes, so
 * that a caller that lost its connection, or a daemon that was away, costs no event. Nothing else
 * is replayed.
 */
public final class ContainerEvents implements AutoCloseable {
  /** How long an event waits for a first subscriber; the peers' time. */
  static final Duration KEPT = Duration.ofMinutes(5);

  /** How many do: each holds records that may be gone by now, and mostly nobody ever asks. */
  private static final int MOST_KEPT = 512;

  private final int bound;
  private final PodContents contents;
  private final InstantSource clock;

  /** All below under the monitor. */
  private final List<Subscription> subscriptions = new ArrayList<>();

  private final Deque<ContainerEvent> kept = new ArrayDeque<>();
  private Instant last = Instant.EPOCH;
  private boolean closed;

  /**
   * @param bound events a subscriber may lag behind before it is dropped
   */
  public ContainerEvents(int bound, PodContents contents, InstantSource clock) {
    this.bound = bound;
    this.contents = contents;
    this.clock = clock;
  }

  /** Tells of a container. Its change must be visible already. */
  public synchronized void publish(ContainerEvent.Kind kind, PodId pod, ContainerId container) {
    publish(
        new ContainerEvent(
            kind,
            pod,
            Optional.of(container),
            now(),
            contents.sandbox(pod),
            contents.containers(pod)));
  }

  /**
   * Tells of a sandbox.
   *
   * @param sandbox as it is after the change; the last of it when it was deleted
   */
  public synchronized void publish(ContainerEvent.Kind kind, PodRecord sandbox) {
    publish(
        new ContainerEvent(
            kind,
            sandbox.id(),
            Optional.empty(),
            now(),
            Optional.of(sandbox),
            contents.containers(sandbox.id())));
  }

  /** The kubelet takes an event for as new as its time, so a clock set back must not show. */
  private Instant now() {
    Instant now = clock.instant();
    last = now.isAfter(last) ? now : last.plusNanos(1);
    return last;
  }

  private void publish(ContainerEvent event) {
    if (subscriptions.isEmpty()) {
      keep(event);
      return;
    }
    for (Subscription subscription : List.copyOf(subscriptions)) {
      if (!subscription.offer(event)) {
        subscriptions.remove(subscription);
        subscription.end(Subscription.End.LAGGED);
      }
    }
  }

  private void keep(ContainerEvent event) {
    forgetOld(event.at());
    if (kept.size() == Math.min(bound, MOST_KEPT)) {
      kept.removeFirst();
    }
    kept.addLast(event);
  }

  private void forgetOld(Instant now) {
    while (!kept.isEmpty() && kept.getFirst().at().isBefore(now.minus(KEPT))) {
      kept.removeFirst();
    }
  }

  /**
   * Every event from now on, and those that waited.
   *
   * @param onEnd run once if the subscription ends otherwise than by its owner; must not block
   */
  public synchronized Subscription subscribe(Consumer<Subscription.End> onEnd) {
    Subscription subscription = new Subscription(this, bound, onEnd);
    if (closed) {
      subscription.end(Subscription.End.STOPPING);
      return subscription;
    }
    forgetOld(clock.instant());
    kept.forEach(subscription::offer);
    kept.clear();
    subscriptions.add(subscription);
    return subscription;
  }

  synchronized void drop(Subscription subscription) {
    subscriptions.remove(subscription);
  }

  /** Ends every subscription: the daemon is stopping. */
  @Override
  public synchronized void close() {
    closed = true;
    List<Subscription> all = List.copyOf(subscriptions);
    subscriptions.clear();
    all.forEach(subscription -> subscription.end(Subscription.End.STOPPING));
  }
}
