package dev.hearth.shim;

/**
 * A device made in a container, mknod(2).
 *
 * @param mode type and permissions, as in stat(2)
 */
public record DeviceNode(String path, int mode, int major, int minor, int uid, int gid) {
  private static final int CHARACTER = 0x2000;
  private static final int BLOCK = 0x6000;

  public DeviceNode {
    ContainerPaths.check(path);
  }

  /** A character device of root's. */
  public static DeviceNode character(String path, int permissions, int major, int minor) {
    return new DeviceNode(path, CHARACTER | permissions, major, minor, 0, 0);
  }

  /** A block device of root's. */
  public static DeviceNode block(String path, int permissions, int major, int minor) {
    return new DeviceNode(path, BLOCK | permissions, major, minor, 0, 0);
  }
}
