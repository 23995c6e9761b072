package dev.hearth.runtime.network;

import dev.hearth.linux.Fd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A few pods' networks made beforehand. A namespace here is held by a descriptor and nothing else:
 * should the daemon die, the kernel destroys it, and the cable with it.
 *
 * <p>Thread-safe: {@code lock} guards all fields; nothing is made or given up while it is held.
 */
final class NetworkPool implements PreparedNamespaces, AutoCloseable {
  /** Pods often start several at once; making new ones meanwhile would slow them down. */
  private static final Duration QUIET = Duration.ofMillis(30);

  /** A daemon that starts has enough to do until it answers. */
  private static final Duration AFTER_START = Duration.ofMillis(500);

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);

  /** A namespace and what is in it. */
  record Prepared(Fd netns, NetworkAttachment attachment) {}

  /** Makes one. */
  interface Maker {
    Prepared make() throws NetworkException;
  }

  private final int size;
  private final Maker maker;
  private final Consumer<NetworkAttachment> discard;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Prepared> ready = new ArrayDeque<>();
  private final Map<Path, NetworkAttachment> taken = new HashMap<>();
  private final Thread filler;
  private long notBeforeNanos = System.nanoTime();
  private boolean started;
  private boolean closed;

  /**
   * @param size how many to keep; none if 0
   * @param discard takes away what a namespace that is given up was connected with
   */
  NetworkPool(int size, Maker maker, Consumer<NetworkAttachment> discard) {
    this.size = size;
    this.maker = maker;
    this.discard = discard;
    this.filler =
        Thread.ofPlatform()
            .daemon()
            .name("network-pool")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::fill);
  }

  /** Begins to fill the pool; nothing happens if it was begun. */
  void start() {
    lock.lock();
    try {
      if (!started && !closed && size > 0) {
        started = true;
        notBeforeNanos = System.nanoTime() + AFTER_START.toNanos();
        filler.start();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<Fd> take(Path pin) {
    lock.lock();
    try {
      notBeforeNanos = System.nanoTime() + QUIET.toNanos();
      Prepared prepared = ready.poll();
      if (prepared == null) {
        return Optional.empty();
      }
      taken.put(pin, prepared.attachment);
      changed.signalAll();
      return Optional.of(prepared.netns);
    } finally {
      lock.unlock();
    }
  }

  /** What is in the namespace that was taken for a pin; from now on it is the caller's. */
  Optional<NetworkAttachment> claim(Path pin) {
    lock.lock();
    try {
      return Optional.ofNullable(taken.remove(pin));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void giveUp(Path pin) {
    claim(pin).ifPresent(discard);
  }

  /** Gives up one that nobody has taken, if there is one. */
  boolean giveUpOne() {
    Prepared prepared;
    lock.lock();
    try {
      prepared = ready.poll();
      notBeforeNanos = System.nanoTime() + QUIET.toNanos();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (prepared == null) {
      return false;
    }
    prepared.netns.close();
    discard.accept(prepared.attachment);
    return true;
  }

  /** Gives up all that nobody has taken. */
  void giveUpAll() {
    while (giveUpOne()) {
      // the next one
    }
  }

  /** How many wait to be taken. */
  int waiting() {
    lock.lock();
    try {
      return ready.size();
    } finally {
      lock.unlock();
    }
  }

  /** The host's ends of all cables, also of those taken and not yet claimed. */
  List<String> links() {
    lock.lock();
    try {
      List<String> links = new ArrayList<>();
      ready.forEach(prepared -> links.add(prepared.attachment.hostLink()));
      taken.values().forEach(attachment -> links.add(attachment.hostLink()));
      return links;
    } finally {
      lock.unlock();
    }
  }

  /** Makes one more at once. */
  void fillNow() throws NetworkException {
    put(maker.make());
  }

  private void fill() {
    while (awaitNeed()) {
      try {
        fillNow();
      } catch (NetworkException _) {
        // The next pod that is connected without the pool says why; here it is tried again.
        postpone();
      }
    }
  }

  /** Waits until one is to be made; false when closed. */
  private boolean awaitNeed() {
    lock.lock();
    try {
      while (!closed) {
        long wait = notBeforeNanos - System.nanoTime();
        if (ready.size() >= size) {
          changed.await();
        } else if (wait > 0) {
          long _ = changed.awaitNanos(wait);
        } else {
          return true;
        }
      }
      return false;
    } catch (InterruptedException _) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void put(Prepared prepared) {
    boolean late;
    lock.lock();
    try {
      late = closed;
      if (!late) {
        ready.add(prepared);
      }
    } finally {
      lock.unlock();
    }
    if (late) {
      prepared.netns.close();
      discard.accept(prepared.attachment);
    }
  }

  private void postpone() {
    lock.lock();
    try {
      notBeforeNanos = System.nanoTime() + AFTER_FAILURE.toNanos();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    boolean running;
    lock.lock();
    try {
      closed = true;
      running = started;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (running) {
      Threads.join(filler);
    }
    giveUpAll();
  }
}
