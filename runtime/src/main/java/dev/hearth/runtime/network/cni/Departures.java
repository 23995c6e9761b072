package dev.hearth.runtime.network.cni;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PendingTeardown;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Takes away the networks of pods that leave, each on a thread of its own, and again until it
 * succeeds: a plugin that hangs or fails for one pod holds up no other.
 *
 * <p>Thread-safe: {@code lock} guards all fields but the final ones; nothing is called under it.
 */
final class Departures implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth.network");
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(5);

  /** How long a thread may take to kill its plugin and end. */
  private static final Duration END = Duration.ofSeconds(6);

  /** Takes away all that a pod has. */
  interface Work {
    void takeAway(PodId pod) throws NetworkException;
  }

  private static final class Entry {
    private final PodId pod;
    private final Instant since;
    private int attempts;
    private String lastFailure = "";
    private boolean hurry;

    Entry(PodId pod, Instant since) {
      this.pod = pod;
      this.since = since;
    }
  }

  private final Work work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<PodId, Entry> entries = new LinkedHashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  Departures(Work work) {
    this.work = work;
  }

  /** Has a pod's networks taken away, beginning now. */
  void add(PodId pod, Instant since) {
    lock.lock();
    try {
      if (closed || entries.containsKey(pod)) {
        return;
      }
      Entry entry = new Entry(pod, since);
      entries.put(pod, entry);
      threads.removeIf(thread -> !thread.isAlive());
      threads.add(
          Thread.ofVirtual()
              .name("network-teardown-" + pod.value().substring(0, 13))
              .start(() -> repeat(entry)));
    } finally {
      lock.unlock();
    }
  }

  private void repeat(Entry entry) {
    try {
      do {
        Optional<String> failure = attempt(entry.pod);
        if (settle(entry, failure)) {
          return;
        }
      } while (pause(entry));
    } catch (InterruptedException e) {
      // The daemon is stopping; the next one finds the record.
      Thread.currentThread().interrupt();
    }
  }

  private Optional<String> attempt(PodId pod) {
    try {
      work.takeAway(pod);
      return Optional.empty();
    } catch (NetworkException | RuntimeException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Whether it is over. */
  private boolean settle(Entry entry, Optional<String> failure) {
    boolean first;
    boolean stopping;
    lock.lock();
    try {
      first = entry.attempts == 0;
      stopping = closed;
      failure.ifPresentOrElse(
          message -> {
            entry.attempts++;
            entry.lastFailure = message;
          },
          () -> entries.remove(entry.pod));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (failure.isPresent() && first && !stopping) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the network of pod {0} cannot be taken away, and that is tried again until it can: {1}",
          entry.pod,
          failure.get());
    } else if (failure.isEmpty() && !first) {
      LOG.log(System.Logger.Level.INFO, "the network of pod {0} is taken away at last", entry.pod);
    }
    return failure.isEmpty();
  }

  /** Waits until the next attempt is due; false when closed. */
  private boolean pause(Entry entry) throws InterruptedException {
    lock.lock();
    try {
      Duration wait = FIRST_RETRY.multipliedBy(1L << Math.min(entry.attempts - 1, 9));
      long left = (wait.compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : wait).toNanos();
      while (left > 0 && !closed && !entry.hurry) {
        left = changed.awaitNanos(left);
      }
      entry.hurry = false;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a pod's networks are taken away or it has been tried at least once more.
   *
   * @return why it has failed; empty if nothing is left to do
   */
  Optional<String> await(PodId pod, boolean again, Deadline deadline) throws InterruptedException {
    lock.lock();
    try {
      Entry entry = entries.get(pod);
      if (entry == null) {
        return Optional.empty();
      }
      int wanted = again ? entry.attempts + 1 : 1;
      if (again) {
        entry.hurry = true;
        changed.signalAll();
      }
      long left = deadline.left().toNanos();
      while (left > 0 && !closed && entries.get(pod) == entry && entry.attempts < wanted) {
        left = changed.awaitNanos(left);
      }
      return entries.get(pod) == entry
          ? Optional.of(entry.lastFailure.isEmpty() ? "it is under way" : entry.lastFailure)
          : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** What is still to be taken away, oldest first. */
  List<PendingTeardown> pending() {
    lock.lock();
    try {
      return entries.values().stream()
          .map(entry ->
              new PendingTeardown(
                  entry.pod.value(),
                  "networks of plugins",
                  entry.since,
                  entry.attempts,
                  entry.lastFailure))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Stops; what is left is found by the records. */
  @Override
  public void close() {
    List<Thread> last;
    lock.lock();
    try {
      closed = true;
      last = List.copyOf(threads);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    last.forEach(Thread::interrupt);
    try {
      for (Thread thread : last) {
        thread.join(END);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
