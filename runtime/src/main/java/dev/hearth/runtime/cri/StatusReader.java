package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerFilter;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ContainerStatusResponse;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxStatusResponse;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.RuntimeFeatures;
import dev.hearth.proto.cri.v1.RuntimeHandler;
import dev.hearth.proto.cri.v1.RuntimeHandlerFeatures;
import dev.hearth.proto.cri.v1.RuntimeStatus;
import dev.hearth.proto.cri.v1.StatusResponse;
import dev.hearth.runtime.cdi.CdiDevices;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.event.PodContents;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.network.NetworkStatus;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.RuntimeHandlers;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.stream.Stream;

/** Answers of the list and status calls. Reads records only; changes nothing. */
public final class StatusReader {
  private final Pods pods;
  private final Containers containers;
  private final PodContents contents;
  private final ContainerInfo info;
  private final PodNetwork network;
  private final VerboseInfo verboseInfo;
  private final RuntimeHandlers handlers;
  private final InstantSource clock;

  public StatusReader(
      Pods pods,
      Containers containers,
      PodContents contents,
      ContainerInfo info,
      PodNetwork network,
      Layout layout,
      RuntimeHandlers handlers,
      CdiDevices cdi,
      InstantSource clock) {
    this.pods = pods;
    this.containers = containers;
    this.contents = contents;
    this.info = info;
    this.network = network;
    this.verboseInfo = new VerboseInfo(info, network, layout, cdi);
    this.handlers = handlers;
    this.clock = clock;
  }

  Stream<PodSandbox> pods(PodSandboxFilter filter) {
    return pods.all().stream()
        .map(Pod::record)
        .filter(record -> Filters.matches(filter, record))
        .sorted(Comparator.comparing(record -> record.createdAt()))
        .map(ToCri::pod);
  }

  PodSandboxStatusResponse pod(String id, boolean verbose) {
    Pod pod = pods.require(id);
    PodSandboxStatusResponse.Builder response =
        PodSandboxStatusResponse.newBuilder()
            .setTimestamp(ToCri.nanos(clock.instant()))
            .setStatus(ToCri.podStatus(pod.record()));
    // A kubelet that goes by events takes its containers from here, as of that time.
    for (ContainerRecord container : contents.containers(pod.id())) {
      response.addContainersStatuses(
          status(container, ContainerInfo.logPath(pod.record(), container)));
    }
    if (verbose) {
      response.putInfo("info", verboseInfo.pod(pod.record()));
    }
    return response.build();
  }

  Stream<Container> containers(ContainerFilter filter) {
    return containers.all().stream()
        .map(container -> container.record())
        .filter(record -> Filters.matches(filter, record))
        .sorted(Comparator.comparing(record -> record.createdAt()))
        .map(ToCri::container);
  }

  ContainerStatusResponse container(String id, boolean verbose) {
    ContainerRecord record = containers.require(id).record();
    ContainerStatusResponse.Builder response =
        ContainerStatusResponse.newBuilder().setStatus(status(record, info.logPath(record)));
    if (verbose) {
      response.putInfo("info", verboseInfo.container(record));
    }
    return response.build();
  }

  private ContainerStatus status(ContainerRecord container, String logPath) {
    return ToCri.withVolumes(
        ToCri.containerStatus(container, logPath), info.volumeImages(container));
  }

  StatusResponse runtime(boolean verbose) {
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setStatus(
                RuntimeStatus.newBuilder()
                    .addConditions(
                        RuntimeCondition.newBuilder().setType("RuntimeReady").setStatus(true))
                    .addConditions(networkCondition()))
            .setFeatures(RuntimeFeatures.newBuilder().setSupplementalGroupsPolicy(true));
    for (RuntimeHandlers.Handler handler : handlers.all()) {
      response.addRuntimeHandlers(
          RuntimeHandler.newBuilder()
              .setName(handler.name())
              .setFeatures(
                  RuntimeHandlerFeatures.newBuilder()
                      .setRecursiveReadOnlyMounts(handler.recursiveReadOnly())
                      .setUserNamespaces(handler.userNamespaces())));
    }
    if (verbose) {
      response.putInfo("config", verboseInfo.daemon());
    }
    return response.build();
  }

  private RuntimeCondition networkCondition() {
    RuntimeCondition.Builder condition = RuntimeCondition.newBuilder().setType("NetworkReady");
    return switch (network.status()) {
      case NetworkStatus.Ready ready ->
          condition.setStatus(true).setMessage(String.join("; ", ready.warnings())).build();
      case NetworkStatus.NotReady notReady ->
          condition
              .setStatus(false)
              .setReason("NetworkNotReady")
              .setMessage(notReady.reason())
              .build();
    };
  }
}
