package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.store.LateWrite;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A live container: its record, its lock, and the end of its process for whoever waits for it.
 *
 * <p>The lock is held while the record changes and while what it stands for is made or taken away;
 * never while waiting for the process to end.
 */
public final class Container {
  private final ReentrantLock lock = new ReentrantLock();
  private final RecordStore<ContainerRecord> store;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Written under the lock only; read by anybody. */
  private volatile ContainerRecord record;

  /** Whether the record is on disk. Under the lock. */
  private boolean recorded;

  /** Whether the record on disk is behind, and somebody tries to mend that. Under the lock. */
  private boolean late;

  /** Set once, under the lock, when nothing of the container is left. */
  private volatile boolean gone;

  /** Set before there are any verbs. */
  private volatile boolean inDoubt;

  private final ReentrantLock telling = new ReentrantLock();

  /** Whether plugins know of its end. Under {@code telling}. */
  private boolean told;

  Container(RecordStore<ContainerRecord> store, ContainerRecord record, boolean recorded) {
    this.store = store;
    this.record = record;
    this.recorded = recorded;
    if (record.state() instanceof ContainerState.Exited
        || record.state() instanceof ContainerState.Removing) {
      ended.complete(null);
      told = true;
    }
  }

  public ContainerId id() {
    return record.id();
  }

  public PodId podId() {
    return record.podId();
  }

  public ContainerRecord record() {
    return record;
  }

  public ContainerSpec spec() {
    return record.spec();
  }

  public ContainerState state() {
    return record.state();
  }

  public Lock lock() {
    return lock;
  }

  public boolean gone() {
    return gone;
  }

  /**
   * Whether a start by a daemon before this one may have come to run, though the record says
   * Created: its shim is there and has not said yet.
   */
  public boolean inDoubt() {
    return inDoubt;
  }

  /** Begins or ends the doubt. */
  public void doubt(boolean doubtful) {
    inDoubt = doubtful;
  }

  boolean recorded() {
    return recorded;
  }

  /** The running state, or {@link HearthException.WrongState}. */
  public ContainerState.Running running() {
    if (record.state() instanceof ContainerState.Running running) {
      return running;
    }
    throw new HearthException.WrongState("container " + id() + " is not running");
  }

  /** Makes the next record durable, then visible. Under the lock. */
  public void replace(ContainerRecord next) throws StoreException {
    store.write(next.id().value(), next);
    recorded = true;
    late = false;
    show(next);
  }

  /**
   * As {@link #replace}, for what is so whether it can be recorded or not: it is visible in any
   * case, and durable as soon as the disk allows. Under the lock.
   */
  public void settle(ContainerRecord next) {
    try {
      replace(next);
    } catch (StoreException e) {
      show(next);
      if (!late) {
        late = true;
        LateWrite.begin("the state of container " + id(), e, this::writeLate);
      }
    }
  }

  private void writeLate() throws StoreException {
    lock.lock();
    try {
      if (late && !gone) {
        replace(record);
      }
    } finally {
      lock.unlock();
    }
  }

  private void show(ContainerRecord next) {
    record = next;
    if (next.state() instanceof ContainerState.Exited) {
      ended.complete(null);
    }
  }

  /** Deletes the record; the container is gone. Under the lock. */
  void forget() throws StoreException {
    store.delete(record.id().value());
    gone = true;
    ended.complete(null);
  }

  /** Tells plugins once of its end. Whoever comes second returns when they have been told. */
  void tellStopped(NodePlugins plugins) {
    telling.lock();
    try {
      if (!told) {
        told = true;
        plugins.containerStopped(record);
      }
    } finally {
      telling.unlock();
    }
  }

  /**
   * Waits until the container's end is recorded.
   *
   * @return whether it ended in time
   */
  boolean awaitEnd(Duration within) throws InterruptedException {
    try {
      ended.get(within.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("the end of a container cannot fail", e);
    }
  }
}
