package dev.hearth.linux;

import org.jspecify.annotations.Nullable;

/** A platform thread that enters namespaces, does one task, and is never used again. */
final class NamespaceThread<T, E extends Exception> extends Thread {
  private static final int STACK_BYTES = 512 * 1024;

  private final Entry entry;
  private final Namespaces.Task<T, E> task;

  // Handed over by the end of the thread. Completing a future here instead would let whoever waits
  // for it be scheduled from this thread, and the carrier started for it would live on in here.
  private @Nullable T result;
  private @Nullable Throwable failure;

  /** How the thread gets where the task is to run. */
  interface Entry {
    void enter() throws LinuxException;
  }

  private NamespaceThread(Entry entry, Namespaces.Task<T, E> task) {
    super(null, null, "namespace", STACK_BYTES, false);
    this.entry = entry;
    this.task = task;
    setDaemon(true);
  }

  /** Fails on threads from which a lasting thread would be started in the wrong namespaces. */
  static void refuse(String what) {
    if (Thread.currentThread() instanceof NamespaceThread) {
      throw new IllegalStateException("cannot " + what + " from within other namespaces");
    }
  }

  static <T, E extends Exception> T run(Entry entry, Namespaces.Task<T, E> task)
      throws E, LinuxException {
    refuse("enter namespaces");
    NativeCalls.load();
    var thread = new NamespaceThread<>(entry, task);
    thread.start();
    return thread.outcome();
  }

  @Override
  public void run() {
    try {
      entry.enter();
      result = task.run();
    } catch (Throwable e) { // thrown again where it belongs, on the caller's thread
      failure = e;
    }
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // E is all a task throws; set without failure
  private T outcome() throws E, LinuxException {
    boolean interrupted = false;
    while (true) {
      try {
        join();
        break;
      } catch (InterruptedException e) { // what the task opens must not be lost
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case LinuxException e -> throw e;
      default -> throw (E) failure;
    }
    return result;
  }
}
