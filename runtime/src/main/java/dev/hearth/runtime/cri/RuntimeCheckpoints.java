package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.CheckpointContainerRequest;
import dev.hearth.proto.cri.v1.CheckpointContainerResponse;
import dev.hearth.proto.cri.v1.CheckpointPodRequest;
import dev.hearth.proto.cri.v1.CheckpointPodResponse;
import dev.hearth.proto.cri.v1.RestorePodRequest;
import dev.hearth.proto.cri.v1.RestorePodResponse;
import dev.hearth.runtime.container.CheckpointContainer;
import dev.hearth.runtime.container.PodCheckpoints;
import io.grpc.stub.StreamObserver;
import java.time.Duration;

/** The methods of CRI's RuntimeService that are about checkpoints. */
abstract class RuntimeCheckpoints extends RuntimeStreams {
  private static final long MAX_TIMEOUT = Duration.ofDays(1).toSeconds();

  private final Calls calls;
  private final CheckpointContainer checkpoint;
  private final PodCheckpoints pods;

  RuntimeCheckpoints(
      Calls calls, Readers readers, CheckpointContainer checkpoint, PodCheckpoints pods) {
    super(calls, readers);
    this.calls = calls;
    this.checkpoint = checkpoint;
    this.pods = pods;
  }

  @Override
  public void checkpointContainer(
      CheckpointContainerRequest request, StreamObserver<CheckpointContainerResponse> observer) {
    calls.unary(
        "CheckpointContainer",
        request,
        observer,
        () -> {
          checkpoint.save(
              request.getContainerId(),
              request.getLocation(),
              Duration.ofSeconds(Math.clamp(request.getTimeout(), 0, MAX_TIMEOUT)));
          return CheckpointContainerResponse.getDefaultInstance();
        });
  }

  @Override
  public void checkpointPod(
      CheckpointPodRequest request, StreamObserver<CheckpointPodResponse> observer) {
    calls.unary(
        "CheckpointPod",
        request,
        observer,
        () -> {
          pods.save(request.getPodSandboxId());
          return CheckpointPodResponse.getDefaultInstance();
        });
  }

  @Override
  public void restorePod(RestorePodRequest request, StreamObserver<RestorePodResponse> observer) {
    calls.unary(
        "RestorePod",
        request,
        observer,
        () -> {
          pods.restore(request.getCheckpointPath());
          return RestorePodResponse.getDefaultInstance();
        });
  }
}
