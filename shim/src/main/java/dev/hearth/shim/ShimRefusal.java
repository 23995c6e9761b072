package dev.hearth.shim;

import dev.hearth.linux.Errno;

/** A shim answered that it could not do what it was asked. */
public final class ShimRefusal extends ShimException {
  private static final long serialVersionUID = 1;

  private final int errno;

  ShimRefusal(String message, int errno) {
    super(message + ": " + describe(errno));
    this.errno = errno;
  }

  /** The error number of errno(3). */
  public int errno() {
    return errno;
  }

  /** Whether it is this one. */
  public boolean is(Errno candidate) {
    return errno == candidate.number();
  }
}
