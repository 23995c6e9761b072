package dev.hearth.cli;

import dev.hearth.proto.admin.v1.AdminGrpc;
import dev.hearth.proto.admin.v1.InfoRequest;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullRequest;
import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerMetadata;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import dev.hearth.proto.cri.v1.ContainerStatusResponse;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ImageServiceGrpc;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ImageStatusResponse;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListContainerStatsResponse;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListContainersResponse;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListImagesResponse;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxResponse;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxMetadata;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.PodSandboxStatus;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import dev.hearth.proto.cri.v1.PodSandboxStatusResponse;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.proto.cri.v1.PullImageResponse;
import dev.hearth.proto.cri.v1.RemoveContainerRequest;
import dev.hearth.proto.cri.v1.RemoveContainerResponse;
import dev.hearth.proto.cri.v1.RemoveImageRequest;
import dev.hearth.proto.cri.v1.RemoveImageResponse;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.proto.cri.v1.RemovePodSandboxResponse;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import dev.hearth.proto.cri.v1.RuntimeStatus;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.proto.cri.v1.StatusResponse;
import dev.hearth.proto.cri.v1.StopContainerRequest;
import dev.hearth.proto.cri.v1.StopContainerResponse;
import dev.hearth.proto.cri.v1.StopPodSandboxRequest;
import dev.hearth.proto.cri.v1.StopPodSandboxResponse;
import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Answers on a real Unix socket with what a test put in, and remembers what it was asked. */
final class FakeDaemon implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-01-31T09:30:00Z");

  final List<PodSandbox> pods = new CopyOnWriteArrayList<>();
  final List<Container> containers = new CopyOnWriteArrayList<>();
  final List<Image> images = new CopyOnWriteArrayList<>();
  final List<RuntimeCondition> conditions = new CopyOnWriteArrayList<>();
  final List<PullProgress> pull = new ArrayList<>();

  /** An answer for each time somebody asks; the last one for ever. */
  final Deque<ListContainerStatsResponse> stats = new ConcurrentLinkedDeque<>();

  /** Every call that changes something, in order: "StopContainer c1 5". */
  final List<String> changes = new CopyOnWriteArrayList<>();

  final List<ListContainersRequest> listed = new CopyOnWriteArrayList<>();
  volatile InfoResponse info = InfoResponse.getDefaultInstance();
  volatile Optional<Status> failure = Optional.empty();
  volatile boolean silent;
  volatile Path logDirectory = Path.of("/nowhere");
  volatile Function<ExecSyncRequest, ExecSyncResponse> exec =
      _ -> ExecSyncResponse.getDefaultInstance();

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Server server;

  /**
   * @param admin whether it has Hearth's own service beside CRI
   */
  FakeDaemon(Path socket, boolean admin) throws IOException {
    var builder =
        NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .channelType(EpollServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .withChildOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
            .directExecutor()
            .addService(new PodsAndContainers())
            .addService(new Images());
    if (admin) {
      builder.addService(new Admin());
    }
    server = builder.build().start();
  }

  static PodSandbox pod(String id, String name, int attempt) {
    return PodSandbox.newBuilder()
        .setId(id)
        .setMetadata(
            PodSandboxMetadata.newBuilder()
                .setName(name)
                .setNamespace("default")
                .setUid("uid-" + name)
                .setAttempt(attempt))
        .setState(PodSandboxState.SANDBOX_READY)
        .setCreatedAt(nanos(NOW.minus(Duration.ofMinutes(5))))
        .build();
  }

  static Container container(String id, String podId, String name, int attempt) {
    return Container.newBuilder()
        .setId(id)
        .setPodSandboxId(podId)
        .setMetadata(ContainerMetadata.newBuilder().setName(name).setAttempt(attempt))
        .setState(ContainerState.CONTAINER_RUNNING)
        .setCreatedAt(nanos(NOW.minus(Duration.ofSeconds(42))))
        .build();
  }

  static Image image(String digits, long size, String... tags) {
    return Image.newBuilder()
        .setId("sha256:" + digits)
        .addAllRepoTags(List.of(tags))
        .setSize(size)
        .build();
  }

  static long nanos(Instant instant) {
    return TimeUnit.SECONDS.toNanos(instant.getEpochSecond()) + instant.getNano();
  }

  void setState(String containerId, ContainerState state) {
    containers.replaceAll(container ->
        container.getId().equals(containerId)
            ? container.toBuilder().setState(state).build()
            : container);
  }

  @Override
  public void close() {
    server.shutdownNow();
    loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS).syncUninterruptibly();
  }

  private <T> void answer(StreamObserver<T> caller, T answer) {
    if (failure.isPresent()) {
      caller.onError(failure.get().asRuntimeException());
    } else if (!silent) {
      caller.onNext(answer);
      caller.onCompleted();
    }
  }

  private <T> void notFound(StreamObserver<T> caller, String id) {
    caller.onError(Status.NOT_FOUND.withDescription("no such thing: " + id).asRuntimeException());
  }

  private final class PodsAndContainers extends RuntimeServiceGrpc.RuntimeServiceImplBase {
    @Override
    public void version(VersionRequest request, StreamObserver<VersionResponse> caller) {
      answer(
          caller,
          VersionResponse.newBuilder()
              .setRuntimeName("hearth")
              .setRuntimeVersion("1.2.3")
              .setRuntimeApiVersion("v1")
              .build());
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> caller) {
      answer(
          caller,
          StatusResponse.newBuilder()
              .setStatus(RuntimeStatus.newBuilder().addAllConditions(conditions))
              .build());
    }

    @Override
    public void listPodSandbox(
        ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> caller) {
      answer(
          caller,
          ListPodSandboxResponse.newBuilder()
              .addAllItems(
                  pods.stream()
                      .filter(pod ->
                          pod.getLabelsMap()
                              .entrySet()
                              .containsAll(request.getFilter().getLabelSelectorMap().entrySet()))
                      .toList())
              .build());
    }

    @Override
    public void listContainers(
        ListContainersRequest request, StreamObserver<ListContainersResponse> caller) {
      listed.add(request);
      var filter = request.getFilter();
      answer(
          caller,
          ListContainersResponse.newBuilder()
              .addAllContainers(
                  containers.stream()
                      .filter(
                          c -> !filter.hasState() || c.getState() == filter.getState().getState())
                      .filter(c ->
                          filter.getPodSandboxId().isEmpty()
                              || c.getPodSandboxId().equals(filter.getPodSandboxId()))
                      .toList())
              .build());
    }

    @Override
    public void podSandboxStatus(
        PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> caller) {
      answer(
          caller,
          PodSandboxStatusResponse.newBuilder()
              .setStatus(PodSandboxStatus.newBuilder().setId(request.getPodSandboxId()))
              .putInfo("info", "{\"netns\":\"/run/netns/x\"}")
              .build());
    }

    @Override
    public void containerStatus(
        ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> caller) {
      var found =
          containers.stream().filter(c -> c.getId().equals(request.getContainerId())).findFirst();
      if (found.isEmpty()) {
        notFound(caller, request.getContainerId());
        return;
      }
      var status =
          ContainerStatus.newBuilder()
              .setId(request.getContainerId())
              .setMetadata(found.get().getMetadata())
              .setState(found.get().getState())
              .setLogPath(logDirectory.resolve(found.get().getMetadata().getName()).toString());
      answer(
          caller,
          ContainerStatusResponse.newBuilder()
              .setStatus(status)
              .putInfo("info", "{\"pid\":77}")
              .putInfo("odd", "{not json")
              .build());
    }

    @Override
    public void listContainerStats(
        ListContainerStatsRequest request, StreamObserver<ListContainerStatsResponse> caller) {
      answer(caller, stats.size() > 1 ? stats.remove() : stats.element());
    }

    @Override
    public void stopContainer(
        StopContainerRequest request, StreamObserver<StopContainerResponse> caller) {
      changes.add("StopContainer " + request.getContainerId() + " " + request.getTimeout());
      answer(caller, StopContainerResponse.getDefaultInstance());
    }

    @Override
    public void removeContainer(
        RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> caller) {
      changes.add("RemoveContainer " + request.getContainerId());
      answer(caller, RemoveContainerResponse.getDefaultInstance());
    }

    @Override
    public void stopPodSandbox(
        StopPodSandboxRequest request, StreamObserver<StopPodSandboxResponse> caller) {
      changes.add("StopPodSandbox " + request.getPodSandboxId());
      answer(caller, StopPodSandboxResponse.getDefaultInstance());
    }

    @Override
    public void removePodSandbox(
        RemovePodSandboxRequest request, StreamObserver<RemovePodSandboxResponse> caller) {
      changes.add("RemovePodSandbox " + request.getPodSandboxId());
      answer(caller, RemovePodSandboxResponse.getDefaultInstance());
    }

    @Override
    public void execSync(ExecSyncRequest request, StreamObserver<ExecSyncResponse> caller) {
      answer(caller, exec.apply(request));
    }
  }

  private final class Images extends ImageServiceGrpc.ImageServiceImplBase {
    @Override
    public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> caller) {
      answer(caller, ListImagesResponse.newBuilder().addAllImages(images).build());
    }

    /** Completes short names as Docker does, for this test's sake. */
    @Override
    public void imageStatus(
        ImageStatusRequest request, StreamObserver<ImageStatusResponse> caller) {
      String name = request.getImage().getImage();
      var answer = ImageStatusResponse.newBuilder();
      images.stream()
          .filter(image ->
              image.getId().equals(name)
                  || image.getRepoTagsList().contains("docker.io/library/" + name))
          .findFirst()
          .ifPresent(answer::setImage);
      answer(caller, answer.build());
    }

    @Override
    public void removeImage(
        RemoveImageRequest request, StreamObserver<RemoveImageResponse> caller) {
      changes.add("RemoveImage " + request.getImage().getImage());
      answer(caller, RemoveImageResponse.getDefaultInstance());
    }

    @Override
    public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> caller) {
      answer(
          caller,
          PullImageResponse.newBuilder()
              .setImageRef("pulled:" + request.getImage().getImage())
              .build());
    }
  }

  private final class Admin extends AdminGrpc.AdminImplBase {
    @Override
    public void info(InfoRequest request, StreamObserver<InfoResponse> caller) {
      answer(caller, info);
    }

    @Override
    public void pull(PullRequest request, StreamObserver<PullProgress> caller) {
      pull.forEach(caller::onNext);
      if (failure.isPresent()) {
        caller.onError(failure.get().asRuntimeException());
      } else {
        caller.onCompleted();
      }
    }
  }
}
