package dev.hearth.runtime.cri;

import dev.hearth.runtime.model.HearthException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The answers of one streaming call, sent from one thread that waits whenever the client does not
 * keep up: nothing piles up here. Must be made before the call's method returns, as gRPC has it.
 */
final class AnswerStream<A> {
  /** A client that takes nothing for so long is given up. */
  private static final Duration STALL = Duration.ofMinutes(2);

  private final ServerCallStreamObserver<A> observer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Why no more is sent. Under the lock. */
  private Optional<RuntimeException> ended = Optional.empty();

  /** Under the lock; run outside it. */
  private Runnable onEnd = () -> {};

  AnswerStream(ServerCallStreamObserver<A> observer) {
    this.observer = observer;
    observer.setOnReadyHandler(this::wake);
    observer.setOnCancelHandler(() -> end(new CancellationException("the client is gone")));
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What wakes the sender where else it may wait, when the stream ends; at once if it has. */
  void onEnd(Runnable action) {
    lock.lock();
    try {
      onEnd = action;
      if (ended.isEmpty()) {
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /** Makes this and every later {@link #send} fail so. From any thread; the first reason counts. */
  void end(RuntimeException reason) {
    Runnable action;
    lock.lock();
    try {
      if (ended.isPresent()) {
        return;
      }
      ended = Optional.of(reason);
      action = onEnd;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /** Fails as the stream did if it has ended. */
  void requireOpen() {
    lock.lock();
    try {
      if (ended.isPresent()) {
        throw ended.get();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends an answer once the client has room for it.
   *
   * @throws CancellationException if the client is gone
   * @throws HearthException.TimedOut if the client takes nothing for two minutes
   */
  void send(A answer) throws InterruptedException {
    awaitRoom();
    observer.onNext(answer);
  }

  private void awaitRoom() throws InterruptedException {
    lock.lock();
    try {
      long left = STALL.toNanos();
      while (ended.isEmpty() && !observer.isReady()) {
        if (left <= 0) {
          throw new HearthException.TimedOut(
              "the client took no answer for " + STALL.toSeconds() + " s");
        }
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    requireOpen();
  }
}
