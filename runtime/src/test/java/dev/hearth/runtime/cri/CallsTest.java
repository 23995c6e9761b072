package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class CallsTest {
  private static final class Caller implements StreamObserver<VersionResponse> {
    final CompletableFuture<VersionResponse> answer = new CompletableFuture<>();

    @Override
    public void onNext(VersionResponse value) {
      answer.complete(value);
    }

    @Override
    public void onError(Throwable failure) {
      answer.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {}
  }

  private final Calls calls = new Calls(() -> true);
  private final Caller caller = new Caller();

  private void call(Calls.Body<VersionResponse> body) {
    calls.cancellable("Version", VersionRequest.getDefaultInstance(), caller, body);
  }

  @Test
  void aCallWhoseClientHasGoneIsInterrupted() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Context.CancellableContext client = Context.current().withCancellation();
    Thread call =
        Thread.ofVirtual()
            .start(
                client.wrap(() ->
                    call(() -> {
                      begun.countDown();
                      try {
                        new CountDownLatch(1).await();
                      } finally {
                        interrupted.complete(Thread.currentThread().isInterrupted());
                      }
                      return VersionResponse.getDefaultInstance();
                    })));
    begun.await();
    client.cancel(null);
    call.join();
    // Its wait has ended, by an exception that took the flag with it.
    assertThat(interrupted).isCompletedWithValue(false);
    assertThat(caller.answer).isCompletedExceptionally();
    assertThat(Status.fromThrowable(caller.answer.exceptionNow()).getCode())
        .isEqualTo(Status.Code.CANCELLED);
  }

  @Test
  void aCallThatIsOverIsNotInterrupted() {
    try (Context.CancellableContext client = Context.current().withCancellation()) {
      client.run(() -> call(VersionResponse::getDefaultInstance));
      client.cancel(null);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
    assertThat(caller.answer).isCompletedWithValue(VersionResponse.getDefaultInstance());
  }
}
