package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.List;

/** Puts device rules on a v2 group, which has no files for them but takes a BPF program. */
interface DeviceGate {
  void restrict(Path folder, List<DeviceRule> rules) throws CgroupException;
}
