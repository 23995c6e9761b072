package dev.hearth.linux;

/** Attributes of one mount, mount_setattr(2). */
public enum MountAttribute implements Bits {
  READ_ONLY(0x1),
  NO_SUID(0x2),
  NO_DEVICES(0x4),
  NO_EXEC(0x8),
  NO_ACCESS_TIME(0x10),
  STRICT_ACCESS_TIME(0x20),
  NO_DIRECTORY_ACCESS_TIME(0x80),
  NO_FOLLOW_LINKS(0x20_0000);

  /** The field that says how access times go; a change of it must clear it whole. */
  static final long ACCESS_TIMES = 0x70;

  static final long ID_MAPPED = 0x10_0000;

  private final long bits;

  MountAttribute(long bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
