package dev.hearth.linux;

/** How far openat2(2) lets a path lead. */
public enum ResolveFlag implements Bits {
  /** Crossing a mount point is EXDEV. */
  NO_MOUNTS(0x1),
  /** Links of /proc that lead to any file are ELOOP. */
  NO_MAGIC_LINKS(0x2),
  /** Any symbolic link is ELOOP. */
  NO_LINKS(0x4),
  /** Leaving the directory, by "..", by an absolute path or link, is EXDEV. */
  BENEATH(0x8),
  /** The directory is the root: absolute paths, links and ".." end at it, as after chroot(2). */
  IN_ROOT(0x10),
  /** What is not in the kernel's cache is EAGAIN. */
  CACHED(0x20);

  private final int bits;

  ResolveFlag(int bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
