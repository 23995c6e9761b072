package dev.hearth.runtime.spec;

/**
 * Leave to use device nodes, for the container's control group.
 *
 * @param kind {@code a} for all, {@code c} for character, {@code b} for block devices
 * @param major {@link #ANY} for every one
 * @param minor {@link #ANY} for every one
 * @param access of the letters r, w and m (mknod)
 */
public record DeviceAccess(char kind, int major, int minor, String access) {
  public static final int ANY = -1;

  /** Every use of every device. */
  public static final DeviceAccess ALL = new DeviceAccess('a', ANY, ANY, "rwm");
}
