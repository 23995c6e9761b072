package dev.hearth.runtime.cri;

import dev.hearth.linux.FileSystemStatus;
import dev.hearth.proto.cri.v1.ContainerMetrics;
import dev.hearth.proto.cri.v1.Metric;
import dev.hearth.proto.cri.v1.MetricDescriptor;
import dev.hearth.proto.cri.v1.PodSandboxMetrics;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.ContainerParts;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.container.ProcessCensus;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.network.InterfaceStatistics;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.SandboxParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Answers of the metrics calls. Pods that are ready and containers that run have metrics; one that
 * ends meanwhile is left out.
 */
public final class MetricsReader {
  /** The kernel's default, cgroup-v1/cgroups.rst and sched-bwc.rst. */
  private static final long DEFAULT_PERIOD_MICROS = 100_000;

  private static final long DEFAULT_SHARES = 1024;

  private static final List<MetricDescriptor> DESCRIPTORS =
      Arrays.stream(MetricName.values()).map(MetricName::descriptor).toList();

  /**
   * Where the node tells of itself.
   *
   * @param root on the file system of writable layers
   */
  public record Node(Path proc, Path sys, Path root) {}

  private final Pods pods;
  private final Containers containers;
  private final SandboxParts sandboxes;
  private final ContainerParts parts;
  private final PodInterfaces interfaces;
  private final Node node;

  public MetricsReader(
      Pods pods,
      Containers containers,
      SandboxParts sandboxes,
      ContainerParts parts,
      PodInterfaces interfaces,
      Node node) {
    this.pods = pods;
    this.containers = containers;
    this.sandboxes = sandboxes;
    this.parts = parts;
    this.interfaces = interfaces;
    this.node = node;
  }

  List<MetricDescriptor> descriptors() {
    return DESCRIPTORS;
  }

  Stream<PodSandboxMetrics> pods() {
    List<Pod> ready = pods.all().stream().filter(Pod::ready).toList();
    Map<PodId, List<InterfaceStatistics>> all = interfaces.of(ready);
    Optional<Disk> disk = disk();
    return ready.stream()
        .flatMap(pod -> pod(pod.record(), all.getOrDefault(pod.id(), List.of()), disk).stream());
  }

  /** The file system of writable layers. */
  private record Disk(String device, FileSystemStatus status) {}

  private Optional<Disk> disk() {
    try {
      return Optional.of(
          new Disk(Files.getFileStore(node.root()).name(), FileSystemStatus.of(node.root())));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<PodSandboxMetrics> pod(
      PodRecord pod, List<InterfaceStatistics> network, Optional<Disk> disk) {
    Optional<Cgroup> group = sandboxes.group(pod);
    if (group.isEmpty()) {
      return Optional.empty();
    }
    PodMetadata metadata = pod.spec().metadata();
    Measurements measured =
        new Measurements(
            List.of("", group.get().path().value(), "", "", metadata.namespace(), metadata.name()));
    try {
      measured.statistics(group.get().statistics());
    } catch (CgroupException e) {
      return Optional.empty();
    }
    measured.details(group.get().details(), this::deviceName);
    measured.network(network);
    measured.add(MetricName.CONTAINER_START_TIME_SECONDS, pod.createdAt().getEpochSecond());
    PodSandboxMetrics.Builder answer =
        PodSandboxMetrics.newBuilder()
            .setPodSandboxId(pod.id().value())
            .addAllMetrics(measured.metrics());
    containers.of(pod.id()).stream()
        .map(Container::record)
        .sorted(Comparator.comparing(ContainerRecord::createdAt))
        .flatMap(container -> container(metadata, container, disk).stream())
        .forEach(answer::addContainerMetrics);
    return Optional.of(answer.build());
  }

  private Optional<ContainerMetrics> container(
      PodMetadata pod, ContainerRecord container, Optional<Disk> disk) {
    if (!(container.state() instanceof ContainerState.Running running)) {
      return Optional.empty();
    }
    return parts
        .group(container)
        .flatMap(group -> {
          try {
            return Optional.of(
                ContainerMetrics.newBuilder()
                    .setContainerId(container.id().value())
                    .addAllMetrics(metrics(pod, container, running, group, disk))
                    .build());
          } catch (CgroupException e) {
            return Optional.empty();
          }
        });
  }

  private List<Metric> metrics(
      PodMetadata pod,
      ContainerRecord container,
      ContainerState.Running running,
      Cgroup group,
      Optional<Disk> disk)
      throws CgroupException {
    ContainerSpec spec = container.spec();
    String image = spec.userSpecifiedImage().isEmpty() ? spec.image() : spec.userSpecifiedImage();
    Measurements measured =
        new Measurements(
            List.of(
                spec.metadata().name(),
                group.path().value(),
                image,
                container.id().value(),
                pod.namespace(),
                pod.name()));
    measured.statistics(group.statistics());
    measured.details(group.details(), this::deviceName);
    measured.add(MetricName.CONTAINER_START_TIME_SECONDS, running.startedAt().getEpochSecond());
    processes(measured, ProcessCensus.of(node.proc(), group.pids(), running.pid()));
    limits(measured, spec.resources());
    disk.ifPresent(d -> files(measured, container, d));
    return measured.metrics();
  }

  private static void processes(Measurements measured, ProcessCensus census) {
    measured.add(MetricName.CONTAINER_PROCESSES, census.processes());
    measured.add(MetricName.CONTAINER_FILE_DESCRIPTORS, census.descriptors());
    measured.add(MetricName.CONTAINER_SOCKETS, census.sockets());
    census
        .softOpenFiles()
        .ifPresent(
            limit -> measured.add(MetricName.CONTAINER_ULIMITS_SOFT, limit, "max_open_files"));
  }

  private static void limits(Measurements measured, Resources limits) {
    measured.add(
        MetricName.CONTAINER_SPEC_CPU_PERIOD,
        limits.cpuPeriod() == 0 ? DEFAULT_PERIOD_MICROS : limits.cpuPeriod());
    if (limits.cpuQuota() > 0) {
      measured.add(MetricName.CONTAINER_SPEC_CPU_QUOTA, limits.cpuQuota());
    }
    measured.add(
        MetricName.CONTAINER_SPEC_CPU_SHARES,
        limits.cpuShares() == 0 ? DEFAULT_SHARES : limits.cpuShares());
    measured.add(MetricName.CONTAINER_SPEC_MEMORY_LIMIT_BYTES, Math.max(0, limits.memoryLimit()));
    measured.add(
        MetricName.CONTAINER_SPEC_MEMORY_SWAP_LIMIT_BYTES, Math.max(0, limits.memorySwapLimit()));
    // CRI has no field that sets one.
    measured.add(MetricName.CONTAINER_SPEC_MEMORY_RESERVATION_LIMIT_BYTES, 0);
  }

  private void files(Measurements measured, ContainerRecord container, Disk disk) {
    FileSystemStatus status = disk.status();
    String device = disk.device();
    parts
        .diskUsage(container.id())
        .ifPresent(usage ->
            measured.add(
                MetricName.CONTAINER_FS_USAGE_BYTES,
                ToCri.nanos(usage.at()),
                usage.usage().bytes(),
                device));
    measured.add(MetricName.CONTAINER_FS_LIMIT_BYTES, status.blocks() * status.blockSize(), device);
    measured.add(MetricName.CONTAINER_FS_INODES_TOTAL, status.inodes(), device);
    measured.add(MetricName.CONTAINER_FS_INODES_FREE, status.freeInodes(), device);
  }

  /** {@code /dev/sda} for 8:0, by the link in /sys/dev/block. */
  private String deviceName(String numbers) {
    try {
      return "/dev/"
          + Files.readSymbolicLink(node.sys().resolve("dev/block").resolve(numbers)).getFileName();
    } catch (IOException e) {
      return numbers;
    }
  }
}
