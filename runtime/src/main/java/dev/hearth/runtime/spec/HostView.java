package dev.hearth.runtime.spec;

import dev.hearth.shim.DeviceNode;
import java.nio.file.Path;
import java.util.List;

/** What is looked up on the host while a plan is made. Everything else comes in as values. */
public interface HostView {
  /**
   * The device at a path, or all those in the folder there and below.
   *
   * @throws dev.hearth.runtime.model.HearthException.InvalidRequest if it is neither
   */
  List<DeviceNode> devices(Path path);

  /** Every device in /dev. */
  List<DeviceNode> allDevices();

  /**
   * A seccomp profile.
   *
   * @throws dev.hearth.runtime.model.HearthException.InvalidRequest if it cannot be read
   */
  String seccompProfile(String path);

  /** Whether the kernel has this AppArmor profile. */
  boolean appArmorLoaded(String profile);
}
