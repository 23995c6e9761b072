package dev.hearth.runtime.cgroup;

/**
 * A group made for one process with all it will start, and the place beside it for the shim that
 * looks after these. Closing it says that both are in, or that they will not come.
 */
public final class Seat implements AutoCloseable {
  /** What there is to be let go of. */
  @FunctionalInterface
  interface Hold {
    void release() throws InterruptedException;
  }

  private final Cgroup group;
  private final Join shim;
  private final Hold hold;

  Seat(Cgroup group, Join shim, Hold hold) {
    this.group = group;
    this.shim = shim;
    this.hold = hold;
  }

  public Cgroup group() {
    return group;
  }

  /** How the shim gets in. */
  public Join shim() {
    return shim;
  }

  /** An interrupt is kept for whoever waits next. */
  @Override
  public void close() {
    try {
      hold.release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
