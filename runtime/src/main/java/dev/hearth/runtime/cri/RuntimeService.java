package dev.hearth.runtime.cri;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.hearth.proto.cri.v1.AttachRequest;
import dev.hearth.proto.cri.v1.AttachResponse;
import dev.hearth.proto.cri.v1.CgroupDriver;
import dev.hearth.proto.cri.v1.ContainerStatsRequest;
import dev.hearth.proto.cri.v1.ContainerStatsResponse;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import dev.hearth.proto.cri.v1.ContainerStatusResponse;
import dev.hearth.proto.cri.v1.CreateContainerRequest;
import dev.hearth.proto.cri.v1.CreateContainerResponse;
import dev.hearth.proto.cri.v1.ExecRequest;
import dev.hearth.proto.cri.v1.ExecResponse;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.proto.cri.v1.LinuxRuntimeConfiguration;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListContainerStatsResponse;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListContainersResponse;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxResponse;
import dev.hearth.proto.cri.v1.ListPodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxStatsResponse;
import dev.hearth.proto.cri.v1.PodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.PodSandboxStatsResponse;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import dev.hearth.proto.cri.v1.PodSandboxStatusResponse;
import dev.hearth.proto.cri.v1.PortForwardRequest;
import dev.hearth.proto.cri.v1.PortForwardResponse;
import dev.hearth.proto.cri.v1.RemoveContainerRequest;
import dev.hearth.proto.cri.v1.RemoveContainerResponse;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.proto.cri.v1.RemovePodSandboxResponse;
import dev.hearth.proto.cri.v1.ReopenContainerLogRequest;
import dev.hearth.proto.cri.v1.ReopenContainerLogResponse;
import dev.hearth.proto.cri.v1.RunPodSandboxRequest;
import dev.hearth.proto.cri.v1.RunPodSandboxResponse;
import dev.hearth.proto.cri.v1.RuntimeConfigRequest;
import dev.hearth.proto.cri.v1.RuntimeConfigResponse;
import dev.hearth.proto.cri.v1.StartContainerRequest;
import dev.hearth.proto.cri.v1.StartContainerResponse;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.proto.cri.v1.StatusResponse;
import dev.hearth.proto.cri.v1.StopContainerRequest;
import dev.hearth.proto.cri.v1.StopContainerResponse;
import dev.hearth.proto.cri.v1.StopPodSandboxRequest;
import dev.hearth.proto.cri.v1.StopPodSandboxResponse;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesRequest;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesResponse;
import dev.hearth.proto.cri.v1.UpdatePodSandboxResourcesRequest;
import dev.hearth.proto.cri.v1.UpdatePodSandboxResourcesResponse;
import dev.hearth.proto.cri.v1.UpdateRuntimeConfigRequest;
import dev.hearth.proto.cri.v1.UpdateRuntimeConfigResponse;
import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.container.CheckpointContainer;
import dev.hearth.runtime.container.CreateContainer;
import dev.hearth.runtime.container.ExecSync;
import dev.hearth.runtime.container.PodCheckpoints;
import dev.hearth.runtime.container.RemoveContainer;
import dev.hearth.runtime.container.ReopenContainerLog;
import dev.hearth.runtime.container.StartContainer;
import dev.hearth.runtime.container.StopContainer;
import dev.hearth.runtime.container.UpdateContainerResources;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.RemovePodSandbox;
import dev.hearth.runtime.pod.RunPodSandbox;
import dev.hearth.runtime.pod.StopPodSandbox;
import dev.hearth.runtime.pod.UpdatePodRanges;
import dev.hearth.runtime.pod.UpdatePodSandboxResources;
import dev.hearth.runtime.stream.Attach;
import dev.hearth.runtime.stream.Exec;
import dev.hearth.runtime.stream.PortForward;
import dev.hearth.runtime.stream.StdioRequest;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * CRI's RuntimeService. Each method translates, calls one verb or reader, and translates back. What
 * is not overridden answers UNIMPLEMENTED.
 */
public final class RuntimeService extends RuntimeCheckpoints {
  /** What a caller may name and we speak. */
  private static final String API_VERSION = "v1";

  /** The verbs of pods. */
  public record PodVerbs(
      RunPodSandbox run,
      StopPodSandbox stop,
      RemovePodSandbox remove,
      UpdatePodSandboxResources update,
      UpdatePodRanges updateRanges) {}

  /** The verbs of containers. */
  public record ContainerVerbs(
      CreateContainer create,
      StartContainer start,
      StopContainer stop,
      RemoveContainer remove,
      UpdateContainerResources update,
      ReopenContainerLog reopenLog,
      ExecSync execSync,
      CheckpointContainer checkpoint,
      PodCheckpoints podCheckpoints) {}

  /** The verbs whose clients connect to streams afterwards. */
  public record StreamVerbs(Exec exec, Attach attach, PortForward portForward) {}

  private final Calls calls;
  private final String version;
  private final CgroupDriver cgroupDriver;
  private final PodVerbs pods;
  private final ContainerVerbs containers;
  private final StreamVerbs streams;
  private final StatusReader statuses;
  private final StatsReader stats;

  /**
   * @param version of Hearth
   * @param cgroupDriver the kubelet is to use the same
   */
  public RuntimeService(
      Calls calls,
      String version,
      Cgroups.Driver cgroupDriver,
      PodVerbs pods,
      ContainerVerbs containers,
      StreamVerbs streams,
      Readers readers) {
    super(calls, readers, containers.checkpoint(), containers.podCheckpoints());
    this.calls = calls;
    this.version = version;
    this.cgroupDriver =
        switch (cgroupDriver) {
          case CGROUPFS -> CgroupDriver.CGROUPFS;
          case SYSTEMD -> CgroupDriver.SYSTEMD;
        };
    this.pods = pods;
    this.containers = containers;
    this.streams = streams;
    this.statuses = readers.statuses();
    this.stats = readers.stats();
  }

  @Override
  public void version(VersionRequest request, StreamObserver<VersionResponse> observer) {
    calls.unary(
        "Version",
        request,
        observer,
        () ->
            VersionResponse.newBuilder()
                .setVersion("0.1.0")
                .setRuntimeName("hearth")
                .setRuntimeVersion(version)
                .setRuntimeApiVersion(API_VERSION)
                .build());
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
    calls.unary("Status", request, observer, () -> statuses.runtime(request.getVerbose()));
  }

  @Override
  public void runtimeConfig(
      RuntimeConfigRequest request, StreamObserver<RuntimeConfigResponse> observer) {
    calls.unary(
        "RuntimeConfig",
        request,
        observer,
        () ->
            RuntimeConfigResponse.newBuilder()
                .setLinux(LinuxRuntimeConfiguration.newBuilder().setCgroupDriver(cgroupDriver))
                .build());
  }

  // The pod CIDR is the built-in network's own business: its subnet stands in the configuration.
  @Override
  public void updateRuntimeConfig(
      UpdateRuntimeConfigRequest request, StreamObserver<UpdateRuntimeConfigResponse> observer) {
    calls.unary(
        "UpdateRuntimeConfig",
        request,
        observer,
        () -> {
          pods.updateRanges().update(request.getRuntimeConfig().getNetworkConfig().getPodCidr());
          return UpdateRuntimeConfigResponse.getDefaultInstance();
        });
  }

  @Override
  public void runPodSandbox(
      RunPodSandboxRequest request, StreamObserver<RunPodSandboxResponse> observer) {
    calls.unary(
        "RunPodSandbox",
        request,
        observer,
        () ->
            RunPodSandboxResponse.newBuilder()
                .setPodSandboxId(
                    pods.run()
                        .run(FromCri.pod(request.getConfig(), request.getRuntimeHandler()))
                        .value())
                .build());
  }

  @Override
  public void stopPodSandbox(
      StopPodSandboxRequest request, StreamObserver<StopPodSandboxResponse> observer) {
    calls.unary(
        "StopPodSandbox",
        request,
        observer,
        () -> {
          pods.stop().stop(request.getPodSandboxId());
          return StopPodSandboxResponse.getDefaultInstance();
        });
  }

  @Override
  public void removePodSandbox(
      RemovePodSandboxRequest request, StreamObserver<RemovePodSandboxResponse> observer) {
    calls.unary(
        "RemovePodSandbox",
        request,
        observer,
        () -> {
          pods.remove().remove(request.getPodSandboxId());
          return RemovePodSandboxResponse.getDefaultInstance();
        });
  }

  @Override
  public void updatePodSandboxResources(
      UpdatePodSandboxResourcesRequest request,
      StreamObserver<UpdatePodSandboxResourcesResponse> observer) {
    calls.unary(
        "UpdatePodSandboxResources",
        request,
        observer,
        () -> {
          pods.update()
              .update(
                  request.getPodSandboxId(),
                  FromCri.resources(request.getOverhead()),
                  FromCri.resources(request.getResources()));
          return UpdatePodSandboxResourcesResponse.getDefaultInstance();
        });
  }

  @Override
  public void podSandboxStatus(
      PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> observer) {
    calls.unary(
        "PodSandboxStatus",
        request,
        observer,
        () -> statuses.pod(request.getPodSandboxId(), request.getVerbose()));
  }

  @Override
  public void listPodSandbox(
      ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> observer) {
    calls.unary(
        "ListPodSandbox",
        request,
        observer,
        () ->
            ListPodSandboxResponse.newBuilder()
                .addAllItems(statuses.pods(request.getFilter()).toList())
                .build());
  }

  @Override
  public void createContainer(
      CreateContainerRequest request, StreamObserver<CreateContainerResponse> observer) {
    calls.unary(
        "CreateContainer",
        request,
        observer,
        () ->
            CreateContainerResponse.newBuilder()
                .setContainerId(
                    containers
                        .create()
                        .create(request.getPodSandboxId(), FromCri.container(request.getConfig()))
                        .value())
                .build());
  }

  @Override
  public void startContainer(
      StartContainerRequest request, StreamObserver<StartContainerResponse> observer) {
    calls.unary(
        "StartContainer",
        request,
        observer,
        () -> {
          containers.start().start(request.getContainerId());
          return StartContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void stopContainer(
      StopContainerRequest request, StreamObserver<StopContainerResponse> observer) {
    calls.unary(
        "StopContainer",
        request,
        observer,
        () -> {
          containers.stop().stop(request.getContainerId(), seconds(request.getTimeout()));
          return StopContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void removeContainer(
      RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> observer) {
    calls.unary(
        "RemoveContainer",
        request,
        observer,
        () -> {
          containers.remove().remove(request.getContainerId());
          return RemoveContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void listContainers(
      ListContainersRequest request, StreamObserver<ListContainersResponse> observer) {
    calls.unary(
        "ListContainers",
        request,
        observer,
        () ->
            ListContainersResponse.newBuilder()
                .addAllContainers(statuses.containers(request.getFilter()).toList())
                .build());
  }

  @Override
  public void containerStatus(
      ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> observer) {
    calls.unary(
        "ContainerStatus",
        request,
        observer,
        () -> statuses.container(request.getContainerId(), request.getVerbose()));
  }

  @Override
  public void updateContainerResources(
      UpdateContainerResourcesRequest request,
      StreamObserver<UpdateContainerResourcesResponse> observer) {
    calls.unary(
        "UpdateContainerResources",
        request,
        observer,
        () -> {
          containers
              .update()
              .update(request.getContainerId(), FromCri.resources(request.getLinux()));
          return UpdateContainerResourcesResponse.getDefaultInstance();
        });
  }

  @Override
  public void reopenContainerLog(
      ReopenContainerLogRequest request, StreamObserver<ReopenContainerLogResponse> observer) {
    calls.unary(
        "ReopenContainerLog",
        request,
        observer,
        () -> {
          containers.reopenLog().reopen(request.getContainerId());
          return ReopenContainerLogResponse.getDefaultInstance();
        });
  }

  @Override
  public void execSync(ExecSyncRequest request, StreamObserver<ExecSyncResponse> observer) {
    calls.cancellable(
        "ExecSync",
        request,
        observer,
        () -> {
          ExecSync.Result result =
              containers
                  .execSync()
                  .run(
                      request.getContainerId(),
                      request.getCmdList(),
                      request.getTimeout() == 0
                          ? Optional.empty()
                          : Optional.of(seconds(request.getTimeout())));
          return ExecSyncResponse.newBuilder()
              .setStdout(bytes(result.stdout()))
              .setStderr(bytes(result.stderr()))
              .setExitCode(result.exitCode())
              .build();
        });
  }

  /** Not copied: nobody changes the blocks any more. */
  private static ByteString bytes(List<byte[]> blocks) {
    return ByteString.copyFrom(blocks.stream().map(UnsafeByteOperations::unsafeWrap).toList());
  }

  @Override
  public void exec(ExecRequest request, StreamObserver<ExecResponse> observer) {
    calls.unary(
        "Exec",
        request,
        observer,
        () -> {
          requireId("container", request.getContainerId());
          StdioRequest stdio =
              new StdioRequest(
                  request.getStdin(), request.getStdout(), request.getStderr(), request.getTty());
          return ExecResponse.newBuilder()
              .setUrl(streams.exec().prepare(request.getContainerId(), request.getCmdList(), stdio))
              .build();
        });
  }

  @Override
  public void attach(AttachRequest request, StreamObserver<AttachResponse> observer) {
    calls.unary(
        "Attach",
        request,
        observer,
        () -> {
          requireId("container", request.getContainerId());
          StdioRequest stdio =
              new StdioRequest(
                  request.getStdin(), request.getStdout(), request.getStderr(), request.getTty());
          return AttachResponse.newBuilder()
              .setUrl(streams.attach().prepare(request.getContainerId(), stdio))
              .build();
        });
  }

  @Override
  public void portForward(
      PortForwardRequest request, StreamObserver<PortForwardResponse> observer) {
    calls.unary(
        "PortForward",
        request,
        observer,
        () -> {
          requireId("pod sandbox", request.getPodSandboxId());
          return PortForwardResponse.newBuilder()
              .setUrl(
                  streams.portForward().prepare(request.getPodSandboxId(), request.getPortList()))
              .build();
        });
  }

  private static void requireId(String kind, String id) {
    if (id.isEmpty()) {
      throw new HearthException.InvalidRequest("the id of the " + kind + " is missing");
    }
  }

  @Override
  public void containerStats(
      ContainerStatsRequest request, StreamObserver<ContainerStatsResponse> observer) {
    calls.unary(
        "ContainerStats",
        request,
        observer,
        () ->
            ContainerStatsResponse.newBuilder()
                .setStats(stats.container(request.getContainerId()))
                .build());
  }

  @Override
  public void listContainerStats(
      ListContainerStatsRequest request, StreamObserver<ListContainerStatsResponse> observer) {
    calls.unary(
        "ListContainerStats",
        request,
        observer,
        () ->
            ListContainerStatsResponse.newBuilder()
                .addAllStats(stats.containers(request.getFilter()).toList())
                .build());
  }

  @Override
  public void podSandboxStats(
      PodSandboxStatsRequest request, StreamObserver<PodSandboxStatsResponse> observer) {
    calls.unary(
        "PodSandboxStats",
        request,
        observer,
        () ->
            PodSandboxStatsResponse.newBuilder()
                .setStats(stats.pod(request.getPodSandboxId()))
                .build());
  }

  @Override
  public void listPodSandboxStats(
      ListPodSandboxStatsRequest request, StreamObserver<ListPodSandboxStatsResponse> observer) {
    calls.unary(
        "ListPodSandboxStats",
        request,
        observer,
        () ->
            ListPodSandboxStatsResponse.newBuilder()
                .addAllStats(stats.pods(request.getFilter()).toList())
                .build());
  }

  private static Duration seconds(long seconds) {
    // A century is as good as for ever, and does not overflow when converted.
    long century = Duration.ofDays(36_500).toSeconds();
    if (seconds < 0) {
      throw new HearthException.InvalidRequest("a timeout cannot be negative: " + seconds + " s");
    }
    return Duration.ofSeconds(Math.min(seconds, century));
  }
}
