package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.CheckpointContainerRequest;
import dev.hearth.proto.cri.v1.CheckpointPodRequest;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.RestorePodRequest;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checkpoints are refused with a reason, and what was to be checkpointed runs on. */
@NeedsRoot
class CheckpointE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  @Test
  void whatRunsIsRefusedForWantOfCriuAndRunsOn() {
    try (TestPod pod = TestPod.of(BED, "kept", linux -> {})) {
      String id = pod.create(pod.script("sleeper", "exec sleep 1000", linux -> {}));
      assertThat(TestPod.refusal(() -> container(id)).getDescription()).contains("does not run");
      BED.cri().start(id);
      assertForWantOfCriu(TestPod.refusal(() -> container(id)));
      assertForWantOfCriu(
          TestPod.refusal(() ->
              BED.cri()
                  .runtime()
                  .checkpointPod(
                      CheckpointPodRequest.newBuilder().setPodSandboxId(pod.id()).build())));
      assertThat(BED.cri().status(id).getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
    }
    assertForWantOfCriu(
        TestPod.refusal(() ->
            BED.cri()
                .runtime()
                .restorePod(
                    RestorePodRequest.newBuilder().setCheckpointPath("/tmp/x.tar").build())));
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(TestPod.refusal(() -> container("0123456789abcdef")).getCode())
        .isEqualTo(Status.Code.NOT_FOUND);
  }

  /** Without one that works it is the node's fault; with one it is ours. */
  private static void assertForWantOfCriu(Status status) {
    assertThat(status.getDescription()).contains("criu");
    assertThat(status.getCode())
        .isEqualTo(
            status.getDescription().contains("this release")
                ? Status.Code.UNIMPLEMENTED
                : Status.Code.FAILED_PRECONDITION);
  }

  private static void container(String id) {
    BED.cri()
        .runtime()
        .checkpointContainer(CheckpointContainerRequest.newBuilder().setContainerId(id).build());
  }
}
