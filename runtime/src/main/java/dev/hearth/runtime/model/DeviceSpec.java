package dev.hearth.runtime.model;

/**
 * A device of the host that a container may use.
 *
 * @param permissions of the letters r, w and m (mknod), as the device cgroup has them
 */
public record DeviceSpec(String containerPath, String hostPath, String permissions) {
  public DeviceSpec {
    Checks.absolute("device path", containerPath);
    Checks.absolute("device source", hostPath);
    if (!permissions.matches("[rwm]{0,3}")) {
      throw new HearthException.InvalidRequest(
          "device permissions are not of r, w, m: " + permissions);
    }
  }
}
