package dev.hearth.runtime.cgroup;

/**
 * Allows or denies access to device nodes (devices.allow in the kernel's
 * admin-guide/cgroup-v1/devices.rst).
 *
 * @param major {@link #ANY} for every one
 * @param minor {@link #ANY} for every one
 * @param access some of r, w and m (mknod)
 */
public record DeviceRule(boolean allow, Kind kind, int major, int minor, String access) {
  public static final int ANY = -1;

  /** Every device there is. */
  public static final DeviceRule ALLOW_ALL = new DeviceRule(true, Kind.ALL, ANY, ANY, "rwm");

  /** Which nodes. */
  public enum Kind {
    ALL('a'),
    CHARACTER('c'),
    BLOCK('b');

    private final char letter;

    Kind(char letter) {
      this.letter = letter;
    }
  }

  /**
   * Allows access.
   *
   * @param kind {@code a} for every device, {@code c} for character, {@code b} for block devices
   */
  public static DeviceRule allow(char kind, int major, int minor, String access) {
    for (Kind each : Kind.values()) {
      if (each.letter == kind) {
        return new DeviceRule(true, each, major, minor, access);
      }
    }
    throw new IllegalArgumentException("no kind of device: " + kind);
  }

  public DeviceRule {
    if (major < ANY || minor < ANY || !access.matches("r?w?m?") || access.isEmpty()) {
      throw new IllegalArgumentException(
          "no device rule: " + major + ":" + minor + " \"" + access + "\"");
    }
  }

  /** Whether it speaks of every device and every access: the only form v1 takes for "a". */
  boolean isTotal() {
    return kind == Kind.ALL && major == ANY && minor == ANY && access.equals("rwm");
  }

  /** The v1 form, such as {@code c 1:3 rwm}. */
  String v1() {
    return isTotal() ? "a" : kind.letter + " " + number(major) + ":" + number(minor) + " " + access;
  }

  private static String number(int n) {
    return n == ANY ? "*" : Integer.toString(n);
  }
}
