package dev.hearth.runtime.cgroup;

import java.util.List;
import java.util.Map;

/**
 * What a group has used, beyond {@link Statistics}: read for metrics, less often. {@link
 * Statistics#UNKNOWN} stands where this host does not count.
 *
 * @param memoryPeak most memory ever used at once, bytes
 * @param memoryFailures how often the memory limit was hit
 * @param oomKills how often a process was killed for want of memory
 * @param tasksLimit Long.MAX_VALUE if there is none
 * @param hugepagePeaks most ever used at once, bytes by page size; v1 alone counts it
 */
public record Details(
    long memoryPeak,
    long memoryFailures,
    long oomKills,
    long tasksLimit,
    List<DeviceIo> devices,
    Map<String, Long> hugepagePeaks) {

  public Details {
    devices = List.copyOf(devices);
    hugepagePeaks = Map.copyOf(hugepagePeaks);
  }

  /**
   * What passed to and from one block device.
   *
   * @param device MAJOR:MINOR
   */
  public record DeviceIo(
      String device, long readBytes, long writeBytes, long readOperations, long writeOperations) {}
}
