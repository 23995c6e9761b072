package dev.hearth.runtime.network;

/** Waiting for threads to end. */
public final class Threads {
  private Threads() {}

  /** Waits until a thread has ended, whatever happens; an interrupt stays set. */
  public static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
