package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerAttributes;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatsFilter;
import dev.hearth.proto.cri.v1.FilesystemIdentifier;
import dev.hearth.proto.cri.v1.FilesystemUsage;
import dev.hearth.proto.cri.v1.LinuxPodSandboxStats;
import dev.hearth.proto.cri.v1.PodSandboxAttributes;
import dev.hearth.proto.cri.v1.PodSandboxStats;
import dev.hearth.proto.cri.v1.PodSandboxStatsFilter;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.container.ContainerParts;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.network.InterfaceStatistics;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.SandboxParts;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/** Answers of the statistics calls. A container that ends meanwhile is left out of lists. */
public final class StatsReader {
  private final Pods pods;
  private final Containers containers;
  private final SandboxParts sandboxes;
  private final ContainerParts parts;
  private final PodInterfaces interfaces;
  private final Layout layout;
  private final InstantSource clock;
  private final CpuRates rates = new CpuRates();

  public StatsReader(
      Pods pods,
      Containers containers,
      SandboxParts sandboxes,
      ContainerParts parts,
      PodInterfaces interfaces,
      Layout layout,
      InstantSource clock) {
    this.pods = pods;
    this.containers = containers;
    this.sandboxes = sandboxes;
    this.parts = parts;
    this.interfaces = interfaces;
    this.layout = layout;
    this.clock = clock;
  }

  ContainerStats container(String id) {
    ContainerRecord record = containers.require(id).record();
    return container(record)
        .orElseThrow(() ->
            new HearthException.WrongState(
                "container " + record.id() + " does not run; it has no statistics"));
  }

  Stream<ContainerStats> containers(ContainerStatsFilter filter) {
    forgetGone();
    List<ContainerRecord> asked =
        containers.all().stream()
            .map(container -> container.record())
            .filter(record -> Filters.matches(filter, record))
            .toList();
    // Nearly all of it is reading files of the kernel's, which every processor can do.
    return asked.parallelStream().map(this::container).toList().stream().flatMap(Optional::stream);
  }

  private Optional<ContainerStats> container(ContainerRecord record) {
    if (!(record.state() instanceof ContainerState.Running)) {
      return Optional.empty();
    }
    return parts.usage(record).map(statistics -> container(record, statistics));
  }

  private ContainerStats container(ContainerRecord record, Statistics statistics) {
    String id = record.id().value();
    return ContainerStats.newBuilder()
        .setAttributes(
            ContainerAttributes.newBuilder()
                .setId(id)
                .setMetadata(ToCri.metadata(record.spec().metadata()))
                .putAllLabels(record.spec().labels())
                .putAllAnnotations(record.spec().annotations()))
        .setCpu(StatsToCri.cpu(statistics, rate(id, statistics)))
        .setMemory(StatsToCri.memory(statistics))
        .setSwap(StatsToCri.swap(statistics))
        .setIo(StatsToCri.io(statistics))
        .setWritableLayer(writableLayer(record))
        .build();
  }

  private FilesystemUsage writableLayer(ContainerRecord record) {
    FilesystemUsage.Builder usage =
        FilesystemUsage.newBuilder()
            .setTimestamp(ToCri.nanos(clock.instant()))
            .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(layout.root().toString()));
    parts
        .diskUsage(record.id())
        .ifPresent(measured ->
            usage
                .setTimestamp(ToCri.nanos(measured.at()))
                .setUsedBytes(StatsToCri.value(measured.usage().bytes()))
                .setInodesUsed(StatsToCri.value(measured.usage().inodes())));
    return usage.build();
  }

  private OptionalLong rate(String id, Statistics statistics) {
    long usage = statistics.cpu().usageNanos();
    return usage == Statistics.UNKNOWN
        ? OptionalLong.empty()
        : rates.sample(id, statistics.at(), usage);
  }

  PodSandboxStats pod(String id) {
    Pod pod = pods.require(id);
    return pods(List.of(pod))
        .findFirst()
        .orElseThrow(() ->
            new HearthException.WrongState(
                "pod sandbox " + pod.id() + " is not ready; it has no statistics"));
  }

  Stream<PodSandboxStats> pods(PodSandboxStatsFilter filter) {
    forgetGone();
    return pods(pods.all().stream().filter(pod -> Filters.matches(filter, pod.record())).toList());
  }

  private Stream<PodSandboxStats> pods(List<Pod> asked) {
    List<Pod> ready = asked.stream().filter(Pod::ready).toList();
    Map<PodId, List<InterfaceStatistics>> all = interfaces.of(ready);
    return ready.stream()
        .flatMap(pod -> pod(pod.record(), Optional.ofNullable(all.get(pod.id()))).stream());
  }

  private Optional<PodSandboxStats> pod(
      PodRecord pod, Optional<List<InterfaceStatistics>> network) {
    Optional<Statistics> measured = sandboxes.usage(pod);
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    Statistics statistics = measured.get();
    LinuxPodSandboxStats.Builder linux =
        LinuxPodSandboxStats.newBuilder()
            .setCpu(StatsToCri.cpu(statistics, rate(pod.id().value(), statistics)))
            .setMemory(StatsToCri.memory(statistics))
            .setIo(StatsToCri.io(statistics))
            .setProcess(StatsToCri.processes(statistics));
    network.ifPresent(i -> linux.setNetwork(StatsToCri.network(statistics.at(), i)));
    containers
        .of(pod.id())
        .forEach(container -> container(container.record()).ifPresent(linux::addContainers));
    return Optional.of(
        PodSandboxStats.newBuilder()
            .setAttributes(
                PodSandboxAttributes.newBuilder()
                    .setId(pod.id().value())
                    .setMetadata(ToCri.metadata(pod.spec().metadata()))
                    .putAllLabels(pod.spec().labels())
                    .putAllAnnotations(pod.spec().annotations()))
            .setLinux(linux)
            .build());
  }

  private void forgetGone() {
    Set<String> ids = new HashSet<>();
    pods.all().forEach(pod -> ids.add(pod.id().value()));
    containers.all().forEach(container -> ids.add(container.id().value()));
    rates.retain(ids);
  }
}
