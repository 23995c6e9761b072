package dev.hearth.runtime.cri;

import dev.hearth.proto.admin.v1.AdminGrpc;
import dev.hearth.proto.admin.v1.InfoRequest;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.admin.v1.LayerPhase;
import dev.hearth.proto.admin.v1.MarkedExited;
import dev.hearth.proto.admin.v1.NetworkLease;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullRequest;
import dev.hearth.proto.admin.v1.SetAside;
import dev.hearth.runtime.image.Image;
import dev.hearth.runtime.image.PullImage;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.network.PendingTeardown;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.recovery.RecoveryReport;
import dev.hearth.runtime.registry.Credentials;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Hearth's own operator interface, beside CRI. */
public final class AdminService extends AdminGrpc.AdminImplBase {
  private final Calls calls;
  private final PullImage pull;
  private final Pods pods;
  private final PodNetwork network;
  private final About about;
  private final Supplier<Optional<RecoveryReport>> recovery;

  /** What does not change while the daemon lives. */
  public record About(String version, Instant startedAt, Layout layout) {}

  /**
   * @param recovery what start-up found; empty until it is over
   */
  public AdminService(
      Calls calls,
      PullImage pull,
      Pods pods,
      PodNetwork network,
      About about,
      Supplier<Optional<RecoveryReport>> recovery) {
    this.calls = calls;
    this.pull = pull;
    this.pods = pods;
    this.network = network;
    this.about = about;
    this.recovery = recovery;
  }

  /** Progress that the caller is too slow to take is left out; the last message never is. */
  @Override
  public void pull(PullRequest request, StreamObserver<PullProgress> observer) {
    ServerCallStreamObserver<PullProgress> caller =
        (ServerCallStreamObserver<PullProgress>) observer;
    // Progress nobody wants any more is no failure of ours.
    caller.setOnCancelHandler(() -> {});
    calls.stream(
        "Pull",
        request,
        observer,
        () -> {
          Image image = pull(request.getImage(), caller);
          synchronized (caller) {
            caller.onNext(PullProgress.newBuilder().setImageId(image.id().toString()).build());
          }
        });
  }

  private Image pull(String image, ServerCallStreamObserver<PullProgress> caller)
      throws InterruptedException {
    try (var _ = Cancellation.ofThisCall()) {
      return pull.pull(
          image,
          Credentials.NONE,
          event -> {
            synchronized (caller) {
              if (caller.isReady()) {
                caller.onNext(progress(event));
              }
            }
          });
    }
  }

  private static PullProgress progress(dev.hearth.runtime.image.PullProgress.Event event) {
    return PullProgress.newBuilder()
        .setLayer(event.layer().toString())
        .setReceivedBytes(event.received())
        .setTotalBytes(event.total())
        .setPhase(
            switch (event.phase()) {
              case WAITING -> LayerPhase.LAYER_WAITING;
              case DOWNLOADING -> LayerPhase.LAYER_DOWNLOADING;
              case UNPACKING -> LayerPhase.LAYER_UNPACKING;
              case DONE -> LayerPhase.LAYER_DONE;
              case PRESENT -> LayerPhase.LAYER_PRESENT;
            })
        .build();
  }

  @Override
  public void info(InfoRequest request, StreamObserver<InfoResponse> observer) {
    calls.unary("Info", request, observer, this::info);
  }

  private InfoResponse info() {
    InfoResponse.Builder response =
        InfoResponse.newBuilder()
            .setVersion(about.version())
            .setPid(ProcessHandle.current().pid())
            .setStartedAtMs(about.startedAt().toEpochMilli())
            .setRoot(about.layout().root().toString())
            .setState(about.layout().state().toString());
    recovery.get().ifPresent(report -> response.setRecovery(recovery(report)));
    for (Pod pod : pods.all()) {
      if (pod.state() instanceof PodState.Ready ready && !ready.addresses().isEmpty()) {
        response.addLeases(
            NetworkLease.newBuilder()
                .setPodId(pod.id().value())
                .addAllAddresses(ready.addresses()));
      }
    }
    network.pending().forEach(pending -> response.addLeases(lease(pending)));
    return response.build();
  }

  private static NetworkLease lease(PendingTeardown pending) {
    return NetworkLease.newBuilder()
        .setPodId(pending.pod())
        .setTeardownError(
            pending.what() + (pending.lastFailure().isEmpty() ? "" : ": " + pending.lastFailure()))
        .build();
  }

  private static dev.hearth.proto.admin.v1.RecoveryReport recovery(RecoveryReport report) {
    dev.hearth.proto.admin.v1.RecoveryReport.Builder builder =
        dev.hearth.proto.admin.v1.RecoveryReport.newBuilder()
            .setDurationMs(report.duration().toMillis())
            .addAllFinished(report.finished());
    report.adoptedPods().forEach(id -> builder.addAdoptedPods(id.value()));
    report.adoptedContainers().forEach(id -> builder.addAdoptedContainers(id.value()));
    report
        .markedExited()
        .forEach(marked ->
            builder.addMarkedExited(
                MarkedExited.newBuilder()
                    .setContainerId(marked.container().value())
                    .setExitCode(marked.exited().exitCode())
                    .setFinishedAt(ToCri.nanos(marked.exited().finishedAt()))
                    .setReason(marked.exited().reason())));
    report
        .setAside()
        .forEach(aside ->
            builder.addSetAside(
                SetAside.newBuilder()
                    .setKind(aside.kind())
                    .setId(aside.id())
                    .setReason(aside.reason())
                    .setPath(aside.path())));
    return builder.build();
  }
}
