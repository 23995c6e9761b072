package dev.hearth.linux;

/** Flags of mount(2). */
public enum MountFlag implements Bits {
  READ_ONLY(1),
  NO_SUID(1 << 1),
  NO_DEVICES(1 << 2),
  NO_EXEC(1 << 3),
  SYNCHRONOUS(1 << 4),
  REMOUNT(1 << 5),
  NO_FOLLOW(1 << 8),
  NO_ACCESS_TIME(1 << 10),
  NO_DIRECTORY_ACCESS_TIME(1 << 11),
  BIND(1 << 12),
  MOVE(1 << 13),
  RECURSIVE(1 << 14),
  SILENT(1 << 15),
  RELATIVE_ACCESS_TIME(1 << 21),
  STRICT_ACCESS_TIME(1 << 24),
  LAZY_TIME(1 << 25);

  private final long bits;

  MountFlag(long bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
