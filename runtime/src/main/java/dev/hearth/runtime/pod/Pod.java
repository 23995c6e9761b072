package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.store.LateWrite;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A live pod sandbox: its record and its lock.
 *
 * <p>Verbs that change the sandbox hold the exclusive lock; those that only need it to stay as it
 * is, such as a container's start, hold the shared one. The pod's lock is taken before any lock of
 * its containers.
 */
public final class Pod {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final RecordStore<PodRecord> store;

  /** Written under the exclusive lock only; read by anybody. */
  private volatile PodRecord record;

  /** Whether the record is on disk. Under the exclusive lock. */
  private boolean recorded;

  /** Whether the record on disk is behind, and somebody tries to mend that. Exclusive lock. */
  private boolean late;

  /** Set once, under the exclusive lock, when nothing of the sandbox is left. */
  private volatile boolean gone;

  Pod(RecordStore<PodRecord> store, PodRecord record, boolean recorded) {
    this.store = store;
    this.record = record;
    this.recorded = recorded;
  }

  public PodId id() {
    return record.id();
  }

  public PodRecord record() {
    return record;
  }

  public PodSpec spec() {
    return record.spec();
  }

  public PodState state() {
    return record.state();
  }

  public boolean ready() {
    return record.state() instanceof PodState.Ready;
  }

  public boolean gone() {
    return gone;
  }

  boolean recorded() {
    return recorded;
  }

  /** Held while the sandbox must stay as it is. */
  public Lock shared() {
    return lock.readLock();
  }

  /** Held while the sandbox changes. */
  public Lock exclusive() {
    return lock.writeLock();
  }

  /** Makes the next record durable, then visible. Under the exclusive lock. */
  void replace(PodRecord next) throws StoreException {
    store.write(next.id().value(), next);
    record = next;
    recorded = true;
    late = false;
  }

  /**
   * As {@link #replace}, for what is so whether it can be recorded or not: it is visible in any
   * case, and durable as soon as the disk allows. Under the exclusive lock.
   */
  void settle(PodRecord next) {
    try {
      replace(next);
    } catch (StoreException e) {
      record = next;
      if (!late) {
        late = true;
        LateWrite.begin("the state of pod sandbox " + id(), e, this::writeLate);
      }
    }
  }

  private void writeLate() throws StoreException {
    lock.writeLock().lock();
    try {
      if (late && !gone) {
        replace(record);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Deletes the record; the sandbox is gone. Under the exclusive lock. */
  void forget() throws StoreException {
    store.delete(record.id().value());
    gone = true;
  }
}
