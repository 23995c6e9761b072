package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Carries chunks from the thread that decompresses to the one that digests and writes, and their
 * buffers back: a fixed number of them, so the faster thread waits and memory stays bounded. One
 * writer, one reader; the lock guards all fields.
 */
final class ChunkPipe implements ChunkSource {
  /** Large enough to make the hand-over cheap, small enough for the second-level cache. */
  static final int CHUNK_BYTES = 256 << 10;

  private static final int CHUNKS = 6;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Chunk> full = new ArrayDeque<>(CHUNKS);
  private final ArrayDeque<Chunk> free = new ArrayDeque<>(CHUNKS);
  private int made;
  private @Nullable Chunk lent;
  private boolean ended;
  private boolean cancelled;
  private @Nullable Throwable failure;

  /** An empty chunk to fill, of unspecified length; null when the reader gave up. */
  @Nullable Chunk obtain() throws InterruptedException {
    lock.lock();
    try {
      while (true) {
        if (cancelled) {
          return null;
        }
        Chunk chunk = free.poll();
        if (chunk != null) {
          return chunk;
        }
        if (made < CHUNKS) {
          made++;
          return new Chunk(new byte[CHUNK_BYTES]);
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Hands a filled chunk to the reader. */
  void publish(Chunk chunk) {
    lock.lock();
    try {
      full.add(chunk);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says that no more comes: because the stream ended, or because of a failure. */
  void end(@Nullable Throwable reason) {
    lock.lock();
    try {
      ended = true;
      failure = reason;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says that the reader wants no more. */
  void cancel() {
    lock.lock();
    try {
      cancelled = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable Chunk next() throws LayerException, IOException, InterruptedException {
    lock.lock();
    try {
      if (lent != null) {
        free.add(lent);
        lent = null;
        changed.signalAll();
      }
      while (full.isEmpty() && !ended) {
        changed.await();
      }
      Chunk chunk = full.poll();
      lent = chunk;
      if (chunk == null && failure != null) {
        rethrow(failure);
      }
      return chunk;
    } finally {
      lock.unlock();
    }
  }

  private static void rethrow(Throwable failure)
      throws LayerException, IOException, InterruptedException {
    switch (failure) {
      case LayerException e -> throw e;
      case IOException e -> throw e;
      case InterruptedException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException("decompression failed", failure);
    }
  }
}
