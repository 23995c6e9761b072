package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.CheckpointContainerRequest;
import dev.hearth.proto.cri.v1.CheckpointContainerResponse;
import dev.hearth.proto.cri.v1.CheckpointPodRequest;
import dev.hearth.proto.cri.v1.CheckpointPodResponse;
import dev.hearth.proto.cri.v1.RestorePodRequest;
import dev.hearth.proto.cri.v1.RestorePodResponse;
import dev.hearth.runtime.container.Checkpoint;
import io.grpc.stub.StreamObserver;

/** The methods of CRI's RuntimeService that are about checkpoints. */
abstract class RuntimeCheckpoints extends RuntimeStreams {
  private final Calls calls;
  private final Checkpoint checkpoint;

  RuntimeCheckpoints(Calls calls, Readers readers, Checkpoint checkpoint) {
    super(calls, readers);
    this.calls = calls;
    this.checkpoint = checkpoint;
  }

  @Override
  public void checkpointContainer(
      CheckpointContainerRequest request, StreamObserver<CheckpointContainerResponse> observer) {
    calls.unary(
        "CheckpointContainer",
        request,
        observer,
        () -> {
          checkpoint.container(request.getContainerId());
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
          checkpoint.pod(request.getPodSandboxId());
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
          checkpoint.restorePod(request.getCheckpointPath());
          return RestorePodResponse.getDefaultInstance();
        });
  }
}
