package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.MetricDescriptor;
import dev.hearth.proto.cri.v1.MetricType;
import java.util.List;
import java.util.Locale;

/**
 * The metrics that the kubelet's /metrics/cadvisor republishes, under the names and with the labels
 * that it had while cAdvisor measured them, so that dashboards and alerts go on to work.
 */
enum MetricName {
  CONTAINER_BLKIO_DEVICE_USAGE_TOTAL(
      "Bytes that passed to and from a block device", "device", "major", "minor", "operation"),
  CONTAINER_CPU_CFS_PERIODS_TOTAL("Periods of the CPU quota that have passed"),
  CONTAINER_CPU_CFS_THROTTLED_PERIODS_TOTAL("Periods in which the CPU quota ran out"),
  CONTAINER_CPU_CFS_THROTTLED_SECONDS_TOTAL("Seconds waited because the CPU quota had run out"),
  CONTAINER_CPU_SYSTEM_SECONDS_TOTAL("CPU time spent in the kernel, in seconds"),
  CONTAINER_CPU_USAGE_SECONDS_TOTAL("CPU time spent, in seconds", "cpu"),
  CONTAINER_CPU_USER_SECONDS_TOTAL("CPU time spent in user mode, in seconds"),
  CONTAINER_FILE_DESCRIPTORS("Descriptors open in all processes"),
  CONTAINER_FS_INODES_FREE("Inodes free on the file system of writable layers", "device"),
  CONTAINER_FS_INODES_TOTAL("Inodes of the file system of writable layers", "device"),
  CONTAINER_FS_LIMIT_BYTES("Size of the file system of writable layers, in bytes", "device"),
  CONTAINER_FS_READS_BYTES_TOTAL("Bytes read from a block device", "device"),
  CONTAINER_FS_READS_TOTAL("Reads completed by a block device", "device"),
  CONTAINER_FS_USAGE_BYTES("Bytes that the writable layer takes", "device"),
  CONTAINER_FS_WRITES_BYTES_TOTAL("Bytes written to a block device", "device"),
  CONTAINER_FS_WRITES_TOTAL("Writes completed by a block device", "device"),
  CONTAINER_HUGETLB_MAX_USAGE_BYTES("Most huge pages ever in use, in bytes", "pagesize"),
  CONTAINER_HUGETLB_USAGE_BYTES("Huge pages in use, in bytes", "pagesize"),
  CONTAINER_LAST_SEEN("When this was measured, in seconds since the epoch"),
  CONTAINER_MEMORY_CACHE("Page cache in use, in bytes"),
  CONTAINER_MEMORY_FAILCNT("How often the memory limit was hit"),
  CONTAINER_MEMORY_FAILURES_TOTAL("Page faults", "failure_type", "scope"),
  CONTAINER_MEMORY_KERNEL_USAGE("Kernel memory in use, in bytes"),
  CONTAINER_MEMORY_MAPPED_FILE("Memory-mapped files in use, in bytes"),
  CONTAINER_MEMORY_MAX_USAGE_BYTES("Most memory ever in use, in bytes"),
  CONTAINER_MEMORY_RSS("Anonymous memory in use, in bytes"),
  CONTAINER_MEMORY_SWAP("Swap in use, in bytes"),
  CONTAINER_MEMORY_USAGE_BYTES("All memory in use, caches too, in bytes"),
  CONTAINER_MEMORY_WORKING_SET_BYTES("Memory in use that is not easily dropped, in bytes"),
  CONTAINER_NETWORK_RECEIVE_BYTES_TOTAL("Bytes received", "interface"),
  CONTAINER_NETWORK_RECEIVE_ERRORS_TOTAL("Errors while receiving", "interface"),
  CONTAINER_NETWORK_RECEIVE_PACKETS_DROPPED_TOTAL("Received packets dropped", "interface"),
  CONTAINER_NETWORK_RECEIVE_PACKETS_TOTAL("Packets received", "interface"),
  CONTAINER_NETWORK_TRANSMIT_BYTES_TOTAL("Bytes sent", "interface"),
  CONTAINER_NETWORK_TRANSMIT_ERRORS_TOTAL("Errors while sending", "interface"),
  CONTAINER_NETWORK_TRANSMIT_PACKETS_DROPPED_TOTAL("Packets to send dropped", "interface"),
  CONTAINER_NETWORK_TRANSMIT_PACKETS_TOTAL("Packets sent", "interface"),
  CONTAINER_OOM_EVENTS_TOTAL("Processes killed for want of memory"),
  CONTAINER_PRESSURE_CPU_STALLED_SECONDS_TOTAL("Seconds in which no task got on, for want of CPU"),
  CONTAINER_PRESSURE_CPU_WAITING_SECONDS_TOTAL("Seconds in which a task waited for CPU"),
  CONTAINER_PRESSURE_IO_STALLED_SECONDS_TOTAL("Seconds in which no task got on, because of I/O"),
  CONTAINER_PRESSURE_IO_WAITING_SECONDS_TOTAL("Seconds in which a task waited for I/O"),
  CONTAINER_PRESSURE_MEMORY_STALLED_SECONDS_TOTAL(
      "Seconds in which no task got on, for want of memory"),
  CONTAINER_PRESSURE_MEMORY_WAITING_SECONDS_TOTAL("Seconds in which a task waited for memory"),
  CONTAINER_PROCESSES("Processes that run"),
  CONTAINER_SOCKETS("Sockets open in all processes"),
  CONTAINER_SPEC_CPU_PERIOD("Period of the CPU quota, in microseconds"),
  CONTAINER_SPEC_CPU_QUOTA("CPU quota, in microseconds a period"),
  CONTAINER_SPEC_CPU_SHARES("CPU shares"),
  CONTAINER_SPEC_MEMORY_LIMIT_BYTES("Memory limit in bytes, 0 for none"),
  CONTAINER_SPEC_MEMORY_RESERVATION_LIMIT_BYTES("Memory reservation in bytes, 0 for none"),
  CONTAINER_SPEC_MEMORY_SWAP_LIMIT_BYTES("Limit of memory and swap in bytes, 0 for none"),
  CONTAINER_START_TIME_SECONDS("When it was started, in seconds since the epoch"),
  CONTAINER_THREADS("Threads that run"),
  CONTAINER_THREADS_MAX("Most threads allowed, 0 for no limit"),
  CONTAINER_ULIMITS_SOFT("Soft limits of the first process; none where it is unlimited", "ulimit");

  /** What every metric is about; a pod as a whole has no container, name or image. */
  static final List<String> LABELS =
      List.of("container", "id", "image", "name", "namespace", "pod");

  private final String help;

  /** Joined by commas: an enum holds nothing that could change. */
  private final String labels;

  MetricName(String help, String... labels) {
    this.help = help;
    this.labels = String.join(",", labels);
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Names of the labels beside {@link #LABELS}. */
  List<String> labels() {
    return labels.isEmpty() ? List.of() : List.of(labels.split(",", -1));
  }

  MetricType type() {
    return name().endsWith("_TOTAL") || this == CONTAINER_MEMORY_FAILCNT
        ? MetricType.COUNTER
        : MetricType.GAUGE;
  }

  MetricDescriptor descriptor() {
    return MetricDescriptor.newBuilder()
        .setName(text())
        .setHelp(help)
        .addAllLabelKeys(LABELS)
        .addAllLabelKeys(labels())
        .build();
  }
}
