package dev.hearth.runtime.cgroup;

import dev.hearth.linux.Bpf;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;

/**
 * Attaches a program to the group, with which it goes. A second one is attached beside the first,
 * and both must allow: rules can be tightened later, not loosened.
 */
final class LinuxDeviceGate implements DeviceGate {
  @Override
  public void restrict(Path folder, List<DeviceRule> rules) throws CgroupException {
    try (Fd group = Opens.open(folder, EnumSet.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY));
        Fd program = Bpf.loadDeviceProgram(DeviceProgram.compile(rules))) {
      Bpf.attachDeviceProgram(group, program);
    } catch (LinuxException e) {
      throw new CgroupException(
          Reason.FAILED, "restrict the devices of cgroup " + folder + ": " + e.getMessage(), e);
    }
  }
}
