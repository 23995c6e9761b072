package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Context;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that go before they are answered. */
@NeedsRoot
class CancellationE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Test
  void aCommandEndsWithTheClientThatWantedIt() throws Exception {
    try (TestPod pod = TestPod.of(BED, "left", _ -> {})) {
      String id = pod.start(pod.script("main", "exec sleep 1000", _ -> {}));
      Context.CancellableContext client = Context.current().withCancellation();
      var outcome = new CompletableFuture<Status>();
      Runnable refused =
          () -> {
            var _ = outcome.complete(TestPod.refusal(() -> command(id)));
          };
      Thread call = Thread.ofVirtual().start(client.wrap(refused));
      Await.until("the command to run", LIMIT, () -> Pods.processes(id).size() == 2);
      client.cancel(null);
      call.join();
      assertThat(outcome.join().getCode()).isEqualTo(Status.Code.CANCELLED);
      Await.until("the command to end", LIMIT, () -> Pods.processes(id).size() == 1);
    }
  }

  /** Without a timeout. */
  private static void command(String id) {
    var _ =
        BED.cri()
            .runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId(id)
                    .addAllCmd(List.of("sleep", "2000"))
                    .build());
  }
}
