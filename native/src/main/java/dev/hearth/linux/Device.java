package dev.hearth.linux;

/** A device by its two numbers, makedev(3). */
public record Device(int major, int minor) {
  public Device {
    if (major < 0 || minor < 0) {
      throw new IllegalArgumentException("negative device number " + major + ":" + minor);
    }
  }

  /** Both in one, as mknod(2) takes them. */
  public long number() {
    long a = major;
    long b = minor;
    return (a & 0xFFFF_F000L) << 32 | (a & 0xFFF) << 8 | (b & 0xFFFF_FF00L) << 12 | (b & 0xFF);
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
