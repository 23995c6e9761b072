package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ContainerUser;
import dev.hearth.proto.cri.v1.HugepageLimit;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.LinuxContainerUser;
import dev.hearth.proto.cri.v1.LinuxPodSandboxStatus;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.MountPropagation;
import dev.hearth.proto.cri.v1.Namespace;
import dev.hearth.proto.cri.v1.NamespaceOption;
import dev.hearth.proto.cri.v1.PodIP;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxMetadata;
import dev.hearth.proto.cri.v1.PodSandboxNetworkStatus;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.PodSandboxStatus;
import dev.hearth.proto.cri.v1.Signal;
import dev.hearth.runtime.model.ContainerMetadata;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.UserNamespace;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Our records into CRI answers. */
final class ToCri {
  private ToCri() {}

  /** Nanoseconds since the epoch, as CRI's timestamps are. */
  static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }

  static PodSandbox pod(PodRecord pod) {
    PodSpec spec = pod.spec();
    return PodSandbox.newBuilder()
        .setId(pod.id().value())
        .setMetadata(metadata(spec.metadata()))
        .setState(state(pod.state()))
        .setCreatedAt(nanos(pod.createdAt()))
        .putAllLabels(spec.labels())
        .putAllAnnotations(spec.annotations())
        .setRuntimeHandler(spec.runtimeHandler())
        .build();
  }

  static PodSandboxStatus podStatus(PodRecord pod) {
    PodSpec spec = pod.spec();
    return PodSandboxStatus.newBuilder()
        .setId(pod.id().value())
        .setMetadata(metadata(spec.metadata()))
        .setState(state(pod.state()))
        .setCreatedAt(nanos(pod.createdAt()))
        .setNetwork(network(pod.state()))
        .setLinux(
            LinuxPodSandboxStatus.newBuilder()
                .setNamespaces(Namespace.newBuilder().setOptions(namespaces(spec.namespaces()))))
        .putAllLabels(spec.labels())
        .putAllAnnotations(spec.annotations())
        .setRuntimeHandler(spec.runtimeHandler())
        .build();
  }

  static PodSandboxMetadata metadata(PodMetadata metadata) {
    return PodSandboxMetadata.newBuilder()
        .setName(metadata.name())
        .setNamespace(metadata.namespace())
        .setUid(metadata.uid())
        .setAttempt(metadata.attempt())
        .build();
  }

  static PodSandboxState state(PodState state) {
    return switch (state) {
      case PodState.Ready _ -> PodSandboxState.SANDBOX_READY;
      case PodState.Creating _, PodState.Stopped _, PodState.Unreadable _, PodState.Removing _ ->
          PodSandboxState.SANDBOX_NOTREADY;
    };
  }

  private static PodSandboxNetworkStatus network(PodState state) {
    PodSandboxNetworkStatus.Builder status = PodSandboxNetworkStatus.newBuilder();
    if (state instanceof PodState.Ready ready && !ready.addresses().isEmpty()) {
      List<String> addresses = ready.addresses();
      status.setIp(addresses.getFirst());
      addresses.stream()
          .skip(1)
          .forEach(ip -> status.addAdditionalIps(PodIP.newBuilder().setIp(ip)));
    }
    return status.build();
  }

  static NamespaceOption namespaces(NamespaceOptions options) {
    NamespaceOption.Builder builder =
        NamespaceOption.newBuilder()
            .setNetwork(mode(options.network()))
            .setPid(mode(options.pid()))
            .setIpc(mode(options.ipc()))
            .setTargetId(options.targetContainer());
    options.user().ifPresent(user -> builder.setUsernsOptions(user(user)));
    return builder.build();
  }

  private static dev.hearth.proto.cri.v1.UserNamespace user(UserNamespace user) {
    return dev.hearth.proto.cri.v1.UserNamespace.newBuilder()
        .setMode(dev.hearth.proto.cri.v1.NamespaceMode.POD)
        .addAllUids(user.uids().stream().map(ToCri::mapping).toList())
        .addAllGids(user.gids().stream().map(ToCri::mapping).toList())
        .build();
  }

  private static dev.hearth.proto.cri.v1.IDMapping mapping(IdMapping mapping) {
    return dev.hearth.proto.cri.v1.IDMapping.newBuilder()
        .setHostId((int) mapping.hostId())
        .setContainerId((int) mapping.containerId())
        .setLength((int) mapping.length())
        .build();
  }

  private static dev.hearth.proto.cri.v1.NamespaceMode mode(NamespaceMode mode) {
    return switch (mode) {
      case POD -> dev.hearth.proto.cri.v1.NamespaceMode.POD;
      case CONTAINER -> dev.hearth.proto.cri.v1.NamespaceMode.CONTAINER;
      case NODE -> dev.hearth.proto.cri.v1.NamespaceMode.NODE;
      case TARGET -> dev.hearth.proto.cri.v1.NamespaceMode.TARGET;
    };
  }

  static Container container(ContainerRecord container) {
    return Container.newBuilder()
        .setId(container.id().value())
        .setPodSandboxId(container.podId().value())
        .setMetadata(metadata(container.spec().metadata()))
        .setImage(image(container.spec()))
        .setImageRef(container.imageRef())
        .setImageId(container.imageId().toString())
        .setState(state(container.state()))
        .setCreatedAt(nanos(container.createdAt()))
        .putAllLabels(container.spec().labels())
        .putAllAnnotations(container.spec().annotations())
        .build();
  }

  /**
   * @param logPath absolute path of the container's log; empty when it has none
   */
  static ContainerStatus containerStatus(ContainerRecord container, String logPath) {
    ContainerStatus.Builder status =
        ContainerStatus.newBuilder()
            .setId(container.id().value())
            .setMetadata(metadata(container.spec().metadata()))
            .setState(state(container.state()))
            .setCreatedAt(nanos(container.createdAt()))
            .setImage(image(container.spec()))
            .setImageRef(container.imageRef())
            .setImageId(container.imageId().toString())
            .putAllLabels(container.spec().labels())
            .putAllAnnotations(container.spec().annotations())
            .addAllMounts(container.spec().mounts().stream().map(ToCri::mount).toList())
            .setLogPath(logPath)
            .setResources(
                dev.hearth.proto.cri.v1.ContainerResources.newBuilder()
                    .setLinux(resources(container.spec().resources())))
            .setUser(
                ContainerUser.newBuilder()
                    .setLinux(
                        LinuxContainerUser.newBuilder()
                            .setUid(container.user().uid())
                            .setGid(container.user().gid())
                            .addAllSupplementalGroups(container.user().groups())))
            .setStopSignal(signal(container));
    switch (container.state()) {
      case ContainerState.Creating _, ContainerState.Created _ -> {}
      case ContainerState.Running running -> status.setStartedAt(nanos(running.startedAt()));
      case ContainerState.Exited exited -> exited(status, exited);
      case ContainerState.Removing removing -> exited(status, removing.last());
    }
    return status.build();
  }

  private static void exited(ContainerStatus.Builder status, ContainerState.Exited exited) {
    exited.startedAt().ifPresent(at -> status.setStartedAt(nanos(at)));
    status
        .setFinishedAt(nanos(exited.finishedAt()))
        .setExitCode(exited.exitCode())
        .setReason(exited.reason())
        .setMessage(exited.message());
  }

  static dev.hearth.proto.cri.v1.ContainerMetadata metadata(ContainerMetadata metadata) {
    return dev.hearth.proto.cri.v1.ContainerMetadata.newBuilder()
        .setName(metadata.name())
        .setAttempt(metadata.attempt())
        .build();
  }

  static dev.hearth.proto.cri.v1.ContainerState state(ContainerState state) {
    return switch (state) {
      case ContainerState.Creating _, ContainerState.Created _ ->
          dev.hearth.proto.cri.v1.ContainerState.CONTAINER_CREATED;
      case ContainerState.Running _ -> dev.hearth.proto.cri.v1.ContainerState.CONTAINER_RUNNING;
      case ContainerState.Exited _, ContainerState.Removing _ ->
          dev.hearth.proto.cri.v1.ContainerState.CONTAINER_EXITED;
    };
  }

  static ImageSpec image(ContainerSpec spec) {
    return ImageSpec.newBuilder()
        .setImage(spec.image())
        .setUserSpecifiedImage(spec.userSpecifiedImage())
        .build();
  }

  static Mount mount(MountSpec mount) {
    Mount.Builder builder =
        Mount.newBuilder()
            .setContainerPath(mount.containerPath())
            .setHostPath(mount.hostPath())
            .setReadonly(mount.readonly())
            .setRecursiveReadOnly(mount.recursiveReadonly())
            .setSelinuxRelabel(mount.selinuxRelabel())
            .setImageSubPath(mount.imageSubPath())
            .addAllMountOptions(mount.options())
            .setPropagation(
                switch (mount.propagation()) {
                  case PRIVATE -> MountPropagation.PROPAGATION_PRIVATE;
                  case HOST_TO_CONTAINER -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
                  case BIDIRECTIONAL -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
                });
    if (!mount.image().isEmpty()) {
      builder.setImage(ImageSpec.newBuilder().setImage(mount.image()));
    }
    mount
        .idMappings()
        .ifPresent(mappings ->
            builder
                .addAllUidMappings(mappings.uids().stream().map(ToCri::mapping).toList())
                .addAllGidMappings(mappings.gids().stream().map(ToCri::mapping).toList()));
    return builder.build();
  }

  /** Says of images mounted in a container which they were when it was made. */
  static ContainerStatus withVolumes(ContainerStatus status, Map<String, Digest> images) {
    if (images.isEmpty()) {
      return status;
    }
    ContainerStatus.Builder builder = status.toBuilder();
    for (Mount.Builder mount : builder.getMountsBuilderList()) {
      Digest image = images.get(mount.getContainerPath());
      if (image != null) {
        mount.getImageBuilder().setImageRef(image.toString());
      }
    }
    return builder.build();
  }

  static LinuxContainerResources resources(Resources r) {
    LinuxContainerResources.Builder builder =
        LinuxContainerResources.newBuilder()
            .setCpuPeriod(r.cpuPeriod())
            .setCpuQuota(r.cpuQuota())
            .setCpuShares(r.cpuShares())
            .setMemoryLimitInBytes(r.memoryLimit())
            .setMemorySwapLimitInBytes(r.memorySwapLimit())
            .setOomScoreAdj(r.oomScoreAdj())
            .setCpusetCpus(r.cpusetCpus())
            .setCpusetMems(r.cpusetMems())
            .putAllUnified(r.unified());
    r.hugepageLimits()
        .forEach((size, limit) ->
            builder.addHugepageLimits(
                HugepageLimit.newBuilder().setPageSize(size).setLimit(limit)));
    return builder.build();
  }

  private static Signal signal(ContainerRecord container) {
    String name =
        container.spec().stopSignal().isEmpty()
            ? container.image().stopSignal()
            : container.spec().stopSignal();
    for (Signal signal : Signal.values()) {
      if (signal.name().equals("SIGNAL_" + (name.isEmpty() ? "SIGTERM" : name))) {
        return signal;
      }
    }
    return Signal.SIGNAL_RUNTIME_DEFAULT;
  }
}
