package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets any number of threads, virtual ones above all, wait for descriptors without holding a
 * carrier. One daemon platform thread waits in epoll_wait(2) for all of them.
 *
 * <p>A descriptor is in the epoll set only while somebody waits for it, once and one-shot, whatever
 * number of threads wait and for what. Those waiting hold the {@link Fd} in use, so its number
 * cannot go to another file before they have left the set; closing it wakes them.
 */
public final class Poller implements AutoCloseable {
  private static final int EPOLLIN = 0x1;
  private static final int EPOLLOUT = 0x4;
  private static final int EPOLLERR = 0x8;
  private static final int EPOLLHUP = 0x10;
  private static final int EPOLLONESHOT = 1 << 30;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int MODIFY = 3;
  private static final int BATCH = 128;
  private static final long FOREVER = Long.MAX_VALUE;

  private final Fd epoll;
  private final Fd wake;
  private final Thread thread;

  /** By descriptor number; guarded by itself, as are the watches. */
  private final Map<Integer, Watch> watches = new HashMap<>();

  /** Distinguishes watches that have the same number one after the other; guarded by watches. */
  private int generation;

  /** Nobody can wait any more; guarded by watches. */
  private boolean stopped;

  /** Guarded by watches. */
  private boolean closed;

  /** Starts the thread. */
  public Poller() throws LinuxException {
    NativeCalls.load();
    NamespaceThread.refuse("start a poller");
    epoll = new Fd(Sys.check(LibC.epoll_create1(OpenFlag.CLOEXEC), "make epoll", ""), "epoll");
    try {
      wake = Opens.eventCounter();
    } catch (LinuxException e) {
      epoll.close();
      throw e;
    }
    try {
      control(ADD, wake.number(), EPOLLIN, 0);
    } catch (LinuxException e) {
      epoll.close();
      wake.close();
      throw e;
    }
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("poller")
            .inheritInheritableThreadLocals(false)
            .start(this::loop);
  }

  /**
   * Waits until a read would not block: there is something, an end or an error.
   *
   * @throws LinuxException EBADF when the descriptor was closed, also while waiting; ECANCELED when
   *     the poller was
   */
  public void awaitReadable(Fd fd, Duration timeout)
      throws LinuxException, TimeoutException, InterruptedException {
    if (!await(fd, EPOLLIN, TimeUnit.NANOSECONDS.convert(timeout))) {
      throw new TimeoutException(fd.name() + " was not readable within " + timeout);
    }
  }

  /** As {@link #awaitReadable(Fd, Duration)}, however long it takes. */
  public void awaitReadable(Fd fd) throws LinuxException, InterruptedException {
    await(fd, EPOLLIN, FOREVER);
  }

  /** Waits until a write would not block: there is room, or an error. */
  public void awaitWritable(Fd fd, Duration timeout)
      throws LinuxException, TimeoutException, InterruptedException {
    if (!await(fd, EPOLLOUT, TimeUnit.NANOSECONDS.convert(timeout))) {
      throw new TimeoutException(fd.name() + " was not writable within " + timeout);
    }
  }

  /** As {@link #awaitWritable(Fd, Duration)}, however long it takes. */
  public void awaitWritable(Fd fd) throws LinuxException, InterruptedException {
    await(fd, EPOLLOUT, FOREVER);
  }

  /** Whether it became ready in time; with no time, whether it is. */
  private boolean await(Fd fd, int events, long timeoutNanos)
      throws LinuxException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before waiting for " + fd.name());
    }
    try (Fd.Use use = fd.use("wait for")) {
      var waiter = new Waiter(Thread.currentThread(), events);
      if (!join(use.number(), fd.name(), waiter)) {
        return true;
      }
      Outcome outcome;
      fd.addCloseListener(waiter);
      try {
        outcome = waiter.park(timeoutNanos);
      } finally {
        fd.removeCloseListener(waiter);
        leave(use.number(), waiter);
      }
      return switch (outcome) {
        case READY -> true;
        case WAITING -> Polling.isReady(use.number(), events); // its event may be on its way
        case CLOSED -> throw new LinuxException("wait for", fd.name(), Errno.EBADF);
        case STOPPED -> throw new LinuxException("wait for", fd.name(), Errno.ECANCELED);
      };
    }
  }

  /** How many threads wait for it. */
  int waiting(Fd fd) {
    synchronized (watches) {
      Watch watch = watches.get(fd.number());
      return watch == null ? 0 : watch.users;
    }
  }

  /** Enters the set; false when the file is of a kind that never makes anybody wait. */
  private boolean join(int number, String name, Waiter waiter) throws LinuxException {
    synchronized (watches) {
      if (stopped) {
        throw new LinuxException("wait for", name, Errno.ECANCELED);
      }
      Watch watch = watches.get(number);
      if (watch != null) {
        watch.waiters.add(waiter);
        try {
          control(MODIFY, number, watch.events(), watch.generation);
        } catch (LinuxException e) {
          watch.waiters.remove(waiter);
          throw e;
        }
      } else {
        watch = new Watch(++generation);
        watch.waiters.add(waiter);
        try {
          control(ADD, number, watch.events(), watch.generation);
        } catch (LinuxException e) {
          if (e.is(Errno.EPERM)) { // a regular file or directory
            return false;
          }
          throw new LinuxException("wait for", name, e.errno());
        }
        watches.put(number, watch);
      }
      watch.users++;
      return true;
    }
  }

  private void leave(int number, Waiter waiter) throws LinuxException {
    synchronized (watches) {
      Watch watch = watches.get(number);
      if (watch == null) {
        throw new IllegalStateException("left descriptor " + number + " twice");
      }
      watch.waiters.remove(waiter);
      watch.users--;
      if (watch.users == 0) {
        watches.remove(number);
        if (!closed) { // else the set itself is going or gone
          control(DELETE, number, 0, 0);
        }
      }
    }
  }

  private void control(int operation, int number, int events, int generation)
      throws LinuxException {
    byte[] event = new byte[Arch.current().epollEventSize];
    ByteBuffer.wrap(event)
        .order(ByteOrder.nativeOrder())
        .putInt(0, events == 0 || number == wake.number() ? events : events | EPOLLONESHOT)
        .putLong(Arch.current().epollDataOffset, (long) generation << 32 | number);
    Sys.check(LibC.epoll_ctl(epoll.number(), operation, number, event), "change epoll", "");
  }

  private void loop() {
    int size = Arch.current().epollEventSize;
    int dataOffset = Arch.current().epollDataOffset;
    try (Scratch scratch = new Scratch(BATCH * size)) {
      ByteBuffer events = scratch.view();
      while (true) {
        int count = LibC.epoll_wait(epoll.number(), scratch.address(), BATCH, -1);
        if (count < 0 && !Sys.failedWith(Errno.EINTR)) {
          throw new IllegalStateException(Sys.failure("wait in", "epoll"));
        }
        for (int i = 0; i < count; i++) {
          long data = events.getLong(i * size + dataOffset);
          if ((int) data == wake.number()) {
            return;
          }
          deliver((int) data, (int) (data >>> 32), events.getInt(i * size));
        }
      }
    } finally {
      stop();
    }
  }

  private void deliver(int number, int generation, int events) {
    List<Waiter> ready = new ArrayList<>(1);
    synchronized (watches) {
      Watch watch = watches.get(number);
      if (watch == null || watch.generation != generation) {
        return; // everybody left while the event was on its way
      }
      watch.waiters.removeIf(waiter -> waiter.takes(events) && ready.add(waiter));
      if (!watch.waiters.isEmpty()) {
        try {
          control(MODIFY, number, watch.events(), generation);
        } catch (LinuxException e) { // nothing more would come: let them see for themselves
          ready.addAll(watch.waiters);
          watch.waiters.clear();
        }
      }
    }
    ready.forEach(waiter -> waiter.wake(Outcome.READY));
  }

  private void stop() {
    List<Waiter> all = new ArrayList<>();
    synchronized (watches) {
      stopped = true;
      watches.values().forEach(watch -> all.addAll(watch.waiters));
    }
    all.forEach(waiter -> waiter.wake(Outcome.STOPPED));
  }

  /** Ends the thread and all waits, with ECANCELED. */
  @Override
  public void close() {
    synchronized (watches) {
      if (closed) {
        return;
      }
      closed = true;
      stopped = true;
    }
    ByteBuffer one = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(0, 1);
    boolean interrupted = false;
    try {
      Descriptors.write(wake, one);
      while (true) {
        try {
          thread.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (LinuxException e) {
      throw new IllegalStateException("the poller's thread cannot be told to end", e);
    }
    epoll.close();
    wake.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private enum Outcome {
    WAITING,
    READY,
    CLOSED,
    STOPPED
  }

  /** A descriptor in the epoll set. */
  private static final class Watch {
    final int generation;
    final List<Waiter> waiters = new ArrayList<>(1);

    /** Threads between joining and leaving, woken ones included. */
    int users;

    Watch(int generation) {
      this.generation = generation;
    }

    int events() {
      int union = 0;
      for (Waiter waiter : waiters) {
        union |= waiter.events;
      }
      return union;
    }
  }

  /** One thread's wait; as a Runnable, what closing the descriptor does to it. */
  private static final class Waiter implements Runnable {
    private final Thread thread;
    private final int events;
    private volatile Outcome outcome = Outcome.WAITING;

    Waiter(Thread thread, int events) {
      this.thread = thread;
      this.events = events;
    }

    boolean takes(int happened) {
      return (happened & (events | EPOLLERR | EPOLLHUP)) != 0;
    }

    /** The first to wake decides. */
    void wake(Outcome how) {
      synchronized (this) {
        if (outcome != Outcome.WAITING) {
          return;
        }
        outcome = how;
      }
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      wake(Outcome.CLOSED);
    }

    Outcome park(long timeoutNanos) throws InterruptedException {
      long start = System.nanoTime();
      while (true) {
        Outcome now = outcome;
        if (now != Outcome.WAITING) {
          return now;
        }
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while waiting");
        }
        if (timeoutNanos == FOREVER) {
          LockSupport.park(this);
          continue;
        }
        long left = timeoutNanos - (System.nanoTime() - start);
        if (left <= 0) {
          return now;
        }
        LockSupport.parkNanos(this, left);
      }
    }
  }
}
