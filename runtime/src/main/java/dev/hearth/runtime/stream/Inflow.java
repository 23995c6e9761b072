package dev.hearth.runtime.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes a client has sent on one stream and nobody has read yet. How many there may be is for the
 * connection to know, which stops reading the client when all its streams together hold too many.
 */
final class Inflow {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Account account;

  /** Under the lock, as all below. */
  private final Deque<byte[]> chunks = new ArrayDeque<>();

  /** Of the first chunk, what was read already. */
  private int position;

  private int held;
  private boolean ended;
  private boolean discarding;

  /** Where a connection counts what its streams hold, in bytes. */
  interface Account {
    void held(int more);
  }

  Inflow(Account account) {
    this.account = account;
  }

  /** Adds bytes that were received; they are the inflow's from now on. */
  void put(byte[] bytes) {
    lock.lock();
    try {
      if (ended || discarding || bytes.length == 0) {
        return;
      }
      chunks.add(bytes);
      count(bytes.length);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will come; what is there can still be read. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What is there, and what still comes, is thrown away. */
  void discard() {
    lock.lock();
    try {
      discarding = true;
      chunks.clear();
      position = 0;
      count(-held);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for bytes; -1 at the end. */
  int read(byte[] into) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (chunks.isEmpty()) {
        if (ended || discarding) {
          return -1;
        }
        changed.await();
      }
      byte[] first = chunks.getFirst();
      int length = Math.min(into.length, first.length - position);
      System.arraycopy(first, position, into, 0, length);
      position += length;
      if (position == first.length) {
        chunks.removeFirst();
        position = 0;
      }
      count(-length);
      return length;
    } finally {
      lock.unlock();
    }
  }

  private void count(int more) {
    held += more;
    account.held(more);
  }
}
