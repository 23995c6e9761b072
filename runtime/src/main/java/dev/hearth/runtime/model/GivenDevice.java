package dev.hearth.runtime.model;

import java.util.Objects;

/**
 * A device by its numbers, whatever the node calls it.
 *
 * @param path in the container
 * @param hostPath of the node's own file of it, which is shown where none can be made
 * @param block whether it is a block device, not a character one
 * @param access of the letters r, w and m (mknod), as the device cgroup has them; empty for none
 * @param permissions of its file, as chmod(2) has them
 */
public record GivenDevice(
    String path,
    String hostPath,
    boolean block,
    int major,
    int minor,
    String access,
    int permissions,
    long uid,
    long gid) {
  /** Every use. */
  public static final String ALL_ACCESS = "rwm";

  private static final int ALL_PERMISSIONS = 0xFFF;

  /** 2^32-1 is no id. */
  private static final long IDS = 0xFFFF_FFFFL;

  public GivenDevice {
    // Records of devices had neither once: they were made at their own path, for every use.
    hostPath = Objects.requireNonNullElse(hostPath, path);
    access = Objects.requireNonNullElse(access, ALL_ACCESS);
    Checks.absolute("device path", path);
    Checks.absolute("device source", hostPath);
    if (!access.matches("[rwm]*")) {
      throw new HearthException.InvalidRequest(
          "access to device " + path + " is not of r, w, m: " + access);
    }
    if (major < 0 || minor < 0 || (permissions & ~ALL_PERMISSIONS) != 0) {
      throw new HearthException.InvalidRequest(
          "device " + path + " has no proper numbers or permissions");
    }
    if (uid < 0 || uid >= IDS || gid < 0 || gid >= IDS) {
      throw new HearthException.InvalidRequest("device " + path + " belongs to nobody");
    }
  }
}
