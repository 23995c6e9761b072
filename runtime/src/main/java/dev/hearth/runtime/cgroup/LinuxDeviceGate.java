package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.util.List;

/** Attaches a BPF program of type BPF_PROG_TYPE_CGROUP_DEVICE. */
final class LinuxDeviceGate implements DeviceGate {
  @Override
  public void restrict(Path folder, List<DeviceRule> rules) throws CgroupException {
    throw new CgroupException(
        Reason.UNSUPPORTED, "cannot restrict the devices of cgroup " + folder + " on cgroup v2");
  }
}
