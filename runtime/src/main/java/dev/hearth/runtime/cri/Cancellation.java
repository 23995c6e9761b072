package dev.hearth.runtime.cri;

import io.grpc.Context;

/**
 * Interrupts a call's thread when its client has gone or its deadline has passed. gRPC tells a
 * handler of that only between its messages, on the thread that is in the call; the call's context
 * tells of it at once, on another.
 *
 * <p>Only for calls that may stop anywhere. The others go on to their end, which a client that asks
 * again finds.
 */
final class Cancellation implements Context.CancellationListener, AutoCloseable {
  private final Context context = Context.current();
  private final Thread thread = Thread.currentThread();

  /** Guarded by this. */
  private boolean over;

  private Cancellation() {}

  /** Of the call that is carried out on this thread, until it is closed. */
  static Cancellation ofThisCall() {
    Cancellation cancellation = new Cancellation();
    cancellation.context.addListener(cancellation, Runnable::run);
    return cancellation;
  }

  @Override
  public synchronized void cancelled(Context cancelled) {
    if (!over) {
      thread.interrupt();
    }
  }

  /** Leaves no interrupt behind. */
  @Override
  public void close() {
    context.removeListener(this);
    synchronized (this) {
      over = true;
    }
    var _ = Thread.interrupted();
  }
}
