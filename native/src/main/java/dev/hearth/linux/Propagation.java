package dev.hearth.linux;

/** How mounts made below a mount spread, mount_namespaces(7). */
public enum Propagation implements Bits {
  UNBINDABLE(1 << 17),
  PRIVATE(1 << 18),
  /** Receives, does not send. */
  SLAVE(1 << 19),
  SHARED(1 << 20);

  private final long bits;

  Propagation(long bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
