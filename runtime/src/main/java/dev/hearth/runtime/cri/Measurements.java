package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.Metric;
import dev.hearth.runtime.cgroup.Details;
import dev.hearth.runtime.cgroup.Pressure;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.network.InterfaceStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Gathers the metrics of one container, or of a pod as a whole. What this host does not count is
 * left out. Used by one thread.
 */
final class Measurements {
  private static final long NANOS = 1_000_000_000L;
  private static final long MICROS = 1_000_000L;

  private final List<String> labels;
  private final List<Metric> metrics = new ArrayList<>();

  /**
   * @param labels values of {@link MetricName#LABELS}
   */
  Measurements(List<String> labels) {
    if (labels.size() != MetricName.LABELS.size()) {
      throw new IllegalArgumentException(labels + " are not values of " + MetricName.LABELS);
    }
    this.labels = List.copyOf(labels);
  }

  List<Metric> metrics() {
    return List.copyOf(metrics);
  }

  /** Adds a value read just now, unless it is unknown. */
  void add(MetricName name, long value, String... values) {
    add(name, 0, value, values);
  }

  /**
   * Adds a value, unless it is unknown.
   *
   * @param atNanos when it was measured, or 0 for now
   * @param values of the metric's own labels
   */
  void add(MetricName name, long atNanos, long value, String... values) {
    if (values.length != name.labels().size()) {
      throw new IllegalArgumentException(name + " has labels " + name.labels());
    }
    if (value == Statistics.UNKNOWN) {
      return;
    }
    metrics.add(
        Metric.newBuilder()
            .setName(name.text())
            .setTimestamp(atNanos)
            .setMetricType(name.type())
            .addAllLabelValues(labels)
            .addAllLabelValues(List.of(values))
            .setValue(StatsToCri.value(value))
            .build());
  }

  void statistics(Statistics statistics) {
    add(MetricName.CONTAINER_LAST_SEEN, statistics.at().getEpochSecond());
    cpu(statistics.cpu());
    memory(statistics.memory());
    add(MetricName.CONTAINER_THREADS, statistics.tasks());
    new TreeMap<>(statistics.hugepageBytes())
        .forEach((size, bytes) -> add(MetricName.CONTAINER_HUGETLB_USAGE_BYTES, bytes, size));
    pressure(
        statistics.cpu().pressure(),
        MetricName.CONTAINER_PRESSURE_CPU_WAITING_SECONDS_TOTAL,
        MetricName.CONTAINER_PRESSURE_CPU_STALLED_SECONDS_TOTAL);
    pressure(
        statistics.memory().pressure(),
        MetricName.CONTAINER_PRESSURE_MEMORY_WAITING_SECONDS_TOTAL,
        MetricName.CONTAINER_PRESSURE_MEMORY_STALLED_SECONDS_TOTAL);
    pressure(
        statistics.io().pressure(),
        MetricName.CONTAINER_PRESSURE_IO_WAITING_SECONDS_TOTAL,
        MetricName.CONTAINER_PRESSURE_IO_STALLED_SECONDS_TOTAL);
  }

  private void cpu(Statistics.Cpu cpu) {
    add(MetricName.CONTAINER_CPU_USAGE_SECONDS_TOTAL, seconds(cpu.usageNanos()), "total");
    add(MetricName.CONTAINER_CPU_USER_SECONDS_TOTAL, seconds(cpu.userNanos()));
    add(MetricName.CONTAINER_CPU_SYSTEM_SECONDS_TOTAL, seconds(cpu.systemNanos()));
    add(MetricName.CONTAINER_CPU_CFS_PERIODS_TOTAL, cpu.periods());
    add(MetricName.CONTAINER_CPU_CFS_THROTTLED_PERIODS_TOTAL, cpu.throttledPeriods());
    add(MetricName.CONTAINER_CPU_CFS_THROTTLED_SECONDS_TOTAL, seconds(cpu.throttledNanos()));
  }

  private static long seconds(long nanos) {
    return nanos == Statistics.UNKNOWN ? nanos : nanos / NANOS;
  }

  private void memory(Statistics.Memory memory) {
    add(MetricName.CONTAINER_MEMORY_USAGE_BYTES, memory.usage());
    add(MetricName.CONTAINER_MEMORY_WORKING_SET_BYTES, memory.workingSet());
    add(MetricName.CONTAINER_MEMORY_RSS, memory.rss());
    add(MetricName.CONTAINER_MEMORY_CACHE, memory.cache());
    add(MetricName.CONTAINER_MEMORY_MAPPED_FILE, memory.mappedFile());
    add(MetricName.CONTAINER_MEMORY_KERNEL_USAGE, memory.kernel());
    // A kernel without swap accounting is one where none is counted.
    add(MetricName.CONTAINER_MEMORY_SWAP, Math.max(0, memory.swap()));
    for (String scope : List.of("container", "hierarchy")) {
      add(MetricName.CONTAINER_MEMORY_FAILURES_TOTAL, memory.pageFaults(), "pgfault", scope);
      add(
          MetricName.CONTAINER_MEMORY_FAILURES_TOTAL,
          memory.majorPageFaults(),
          "pgmajfault",
          scope);
    }
  }

  private void pressure(Optional<Pressure> pressure, MetricName waiting, MetricName stalled) {
    pressure.ifPresent(p -> {
      add(waiting, p.some().totalMicros() / MICROS);
      add(stalled, p.full().totalMicros() / MICROS);
    });
  }

  /**
   * @param deviceName of a block device given as MAJOR:MINOR
   */
  void details(Details details, Function<String, String> deviceName) {
    add(MetricName.CONTAINER_MEMORY_MAX_USAGE_BYTES, details.memoryPeak());
    add(MetricName.CONTAINER_MEMORY_FAILCNT, details.memoryFailures());
    add(MetricName.CONTAINER_OOM_EVENTS_TOTAL, details.oomKills());
    long tasks = details.tasksLimit();
    add(MetricName.CONTAINER_THREADS_MAX, tasks == Long.MAX_VALUE ? 0 : tasks);
    new TreeMap<>(details.hugepagePeaks())
        .forEach((size, bytes) -> add(MetricName.CONTAINER_HUGETLB_MAX_USAGE_BYTES, bytes, size));
    details.devices().forEach(device -> device(device, deviceName.apply(device.device())));
  }

  private void device(Details.DeviceIo io, String name) {
    String[] numbers = io.device().split(":", 2);
    String minor = numbers.length == 2 ? numbers[1] : "";
    MetricName both = MetricName.CONTAINER_BLKIO_DEVICE_USAGE_TOTAL;
    add(both, io.readBytes(), name, numbers[0], minor, "Read");
    add(both, io.writeBytes(), name, numbers[0], minor, "Write");
    add(MetricName.CONTAINER_FS_READS_BYTES_TOTAL, io.readBytes(), name);
    add(MetricName.CONTAINER_FS_WRITES_BYTES_TOTAL, io.writeBytes(), name);
    add(MetricName.CONTAINER_FS_READS_TOTAL, io.readOperations(), name);
    add(MetricName.CONTAINER_FS_WRITES_TOTAL, io.writeOperations(), name);
  }

  void network(List<InterfaceStatistics> interfaces) {
    for (InterfaceStatistics i : interfaces) {
      String name = i.interfaceName();
      add(MetricName.CONTAINER_NETWORK_RECEIVE_BYTES_TOTAL, i.rxBytes(), name);
      add(MetricName.CONTAINER_NETWORK_RECEIVE_PACKETS_TOTAL, i.rxPackets(), name);
      add(MetricName.CONTAINER_NETWORK_RECEIVE_ERRORS_TOTAL, i.rxErrors(), name);
      add(MetricName.CONTAINER_NETWORK_RECEIVE_PACKETS_DROPPED_TOTAL, i.rxDropped(), name);
      add(MetricName.CONTAINER_NETWORK_TRANSMIT_BYTES_TOTAL, i.txBytes(), name);
      add(MetricName.CONTAINER_NETWORK_TRANSMIT_PACKETS_TOTAL, i.txPackets(), name);
      add(MetricName.CONTAINER_NETWORK_TRANSMIT_ERRORS_TOTAL, i.txErrors(), name);
      add(MetricName.CONTAINER_NETWORK_TRANSMIT_PACKETS_DROPPED_TOTAL, i.txDropped(), name);
    }
  }
}
