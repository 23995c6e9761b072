package dev.hearth.testing;

import dev.hearth.proto.admin.v1.AdminGrpc;
import dev.hearth.proto.admin.v1.InfoRequest;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import dev.hearth.proto.cri.v1.CreateContainerRequest;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.proto.cri.v1.ImageServiceGrpc;
import dev.hearth.proto.cri.v1.ImageServiceGrpc.ImageServiceBlockingStub;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxStatus;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.proto.cri.v1.RemoveContainerRequest;
import dev.hearth.proto.cri.v1.RemoveImageRequest;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.proto.cri.v1.RunPodSandboxRequest;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import dev.hearth.proto.cri.v1.StartContainerRequest;
import dev.hearth.proto.cri.v1.StopContainerRequest;
import dev.hearth.proto.cri.v1.StopPodSandboxRequest;
import dev.hearth.proto.cri.v1.VersionRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A client of CRI v1 on a Unix socket, of any runtime. The short forms stand for the calls that
 * nearly every test makes; {@link #runtime} and {@link #images} give everything.
 */
public final class Cri implements AutoCloseable {
  /** The kubelet's deadline for most calls. */
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  private static final Duration EXEC = Duration.ofSeconds(10);

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final ManagedChannel channel;

  /** A client that connects when it is first used. */
  public Cri(Path socket) {
    channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .channelType(EpollDomainSocketChannel.class)
            .eventLoopGroup(loop)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .usePlaintext()
            .overrideAuthority("localhost")
            .maxInboundMessageSize(16 << 20)
            .build();
  }

  public RuntimeServiceBlockingStub runtime() {
    return RuntimeServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  public ImageServiceBlockingStub images() {
    return ImageServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What Hearth's own interface says of the daemon. */
  public InfoResponse adminInfo() {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
        .info(InfoRequest.getDefaultInstance());
  }

  /** The runtime's name and version, {@code hearth 0.1.0}. */
  public String version() {
    var version = runtime().version(VersionRequest.getDefaultInstance());
    return version.getRuntimeName() + " " + version.getRuntimeVersion();
  }

  /** Pulls an image and returns its reference in the runtime. */
  public String pull(String reference) {
    return images()
        .pullImage(PullImageRequest.newBuilder().setImage(image(reference)).build())
        .getImageRef();
  }

  public void removeImage(String reference) {
    images().removeImage(RemoveImageRequest.newBuilder().setImage(image(reference)).build());
  }

  /** Runs a pod and returns its id. */
  public String runPod(PodSandboxConfig pod) {
    return runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(pod).build())
        .getPodSandboxId();
  }

  public PodSandboxStatus podStatus(String podId) {
    return runtime()
        .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(podId).build())
        .getStatus();
  }

  /** Stops and removes a pod with everything in it. */
  public void removePod(String podId) {
    stopPod(podId);
    runtime().removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(podId).build());
  }

  public void stopPod(String podId) {
    runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(podId).build());
  }

  /** Creates a container and returns its id. */
  public String create(String podId, PodSandboxConfig pod, ContainerConfig container) {
    return runtime()
        .createContainer(
            CreateContainerRequest.newBuilder()
                .setPodSandboxId(podId)
                .setSandboxConfig(pod)
                .setConfig(container)
                .build())
        .getContainerId();
  }

  public void start(String containerId) {
    runtime()
        .startContainer(StartContainerRequest.newBuilder().setContainerId(containerId).build());
  }

  public ContainerStatus status(String containerId) {
    return runtime()
        .containerStatus(ContainerStatusRequest.newBuilder().setContainerId(containerId).build())
        .getStatus();
  }

  /** What verbose ContainerStatus says beyond the contract, JSON by name. */
  public Map<String, String> info(String containerId) {
    return runtime()
        .containerStatus(
            ContainerStatusRequest.newBuilder()
                .setContainerId(containerId)
                .setVerbose(true)
                .build())
        .getInfoMap();
  }

  /** Runs a command in a container, waiting at most ten seconds. */
  public ExecSyncResponse exec(String containerId, String... command) {
    return runtime()
        .execSync(
            ExecSyncRequest.newBuilder()
                .setContainerId(containerId)
                .addAllCmd(List.of(command))
                .setTimeout(Await.patient(EXEC).toSeconds())
                .build());
  }

  /** Stops a container, killing it after {@code grace}, of which whole seconds count. */
  public void stop(String containerId, Duration grace) {
    runtime()
        .stopContainer(
            StopContainerRequest.newBuilder()
                .setContainerId(containerId)
                .setTimeout(grace.toSeconds())
                .build());
  }

  public void remove(String containerId) {
    runtime()
        .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(containerId).build());
  }

  private static ImageSpec image(String reference) {
    return ImageSpec.newBuilder().setImage(reference).build();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
