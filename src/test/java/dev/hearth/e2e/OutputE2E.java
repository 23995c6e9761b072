package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands that print far more than anybody wants, against the heap that the daemon is given. */
@NeedsRoot
class OutputE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int CLIENTS_LIMIT = 16 << 20;
  private static final String FLOOD = "yes | head -c 9000000; yes | head -c 9000000 >&2; exit 3";

  @Test
  void outputBeyondWhatAClientTakesIsCutOff() {
    try (TestPod pod = TestPod.of(BED, "flood", _ -> {})) {
      String id = pod.start(pod.script("main", "exec sleep 1000", _ -> {}));
      ExecSyncResponse response = flood(id);
      assertThat(response.getExitCode()).isEqualTo(3);
      assertThat(response.getSerializedSize()).isBetween(CLIENTS_LIMIT - 8192, CLIENTS_LIMIT);
      assertThat(response.getStdout().substring(0, 4).toStringUtf8()).isEqualTo("y\ny\n");
    }
  }

  @Test
  void manyAtOnceAreAnsweredOrRefusedAndTheDaemonLives() throws Exception {
    long daemon = BED.daemon().pid();
    try (TestPod pod = TestPod.of(BED, "floods", _ -> {});
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      String id = pod.start(pod.script("main", "exec sleep 1000", _ -> {}));
      List<Future<Status.Code>> outcomes = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Callable<Status.Code> call = () -> outcome(id);
        outcomes.add(callers.submit(call));
      }
      for (Future<Status.Code> outcome : outcomes) {
        assertThat(outcome.get()).isIn(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
      }
      assertThat(BED.daemon().pid()).isEqualTo(daemon);
      assertThat(BED.cri().exec(id, "echo", "here").getStdout().toStringUtf8()).isEqualTo("here\n");
    }
  }

  private static ExecSyncResponse flood(String id) {
    return BED.cri()
        .runtime()
        .execSync(
            ExecSyncRequest.newBuilder()
                .setContainerId(id)
                .addAllCmd(List.of("sh", "-c", FLOOD))
                .build());
  }

  private static Status.Code outcome(String id) {
    try {
      var _ = flood(id);
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }
}
