package dev.hearth.linux;

/** Flags of umount2(2). */
public enum UnmountFlag implements Bits {
  /** Gives up on servers that do not answer. */
  FORCE(1),
  /** Out of sight now, gone when nothing uses it any more. */
  DETACH(2),
  /** EAGAIN the first time, unmounted the second when nothing used it in between. */
  EXPIRE(4),
  NO_FOLLOW(8);

  private final long bits;

  UnmountFlag(long bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
