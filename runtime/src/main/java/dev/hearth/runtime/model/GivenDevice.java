package dev.hearth.runtime.model;

/**
 * A device by its numbers, whatever the node calls it.
 *
 * @param path in the container
 * @param block whether it is a block device, not a character one
 * @param permissions of its file, as chmod(2) has them
 */
public record GivenDevice(
    String path, boolean block, int major, int minor, int permissions, long uid, long gid) {
  private static final int ALL_PERMISSIONS = 0xFFF;

  /** 2^32-1 is no id. */
  private static final long IDS = 0xFFFF_FFFFL;

  public GivenDevice {
    Checks.absolute("device path", path);
    if (major < 0 || minor < 0 || (permissions & ~ALL_PERMISSIONS) != 0) {
      throw new HearthException.InvalidRequest(
          "device " + path + " has no proper numbers or permissions");
    }
    if (uid < 0 || uid >= IDS || gid < 0 || gid >= IDS) {
      throw new HearthException.InvalidRequest("device " + path + " belongs to nobody");
    }
  }
}
