package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.ContainerEventType;
import dev.hearth.proto.cri.v1.GetEventsRequest;
import dev.hearth.runtime.event.ContainerEvent.Kind;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.event.PodContents;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Readers of events at every pace. */
@Timeout(20)
final class EventReaderTest {
  private static final PodId POD = new PodId("a".repeat(64));
  private static final ContainerId CONTAINER = new ContainerId("b".repeat(64));
  private static final int BOUND = 4;

  private final ContainerEvents events =
      new ContainerEvents(BOUND, new NoPods(), () -> Instant.EPOCH);
  private final Calls calls = new Calls(() -> true);
  private final EventReader reader = new EventReader(events);

  private static final class NoPods implements PodContents {
    @Override
    public Optional<PodRecord> sandbox(PodId pod) {
      return Optional.empty();
    }

    @Override
    public List<ContainerRecord> containers(PodId pod) {
      return List.of();
    }
  }

  /** A client that takes answers when it is told to. */
  private static final class Client extends ServerCallStreamObserver<ContainerEventResponse> {
    final LinkedBlockingQueue<ContainerEventResponse> taken = new LinkedBlockingQueue<>();
    final CompletableFuture<Status> end = new CompletableFuture<>();
    private volatile boolean ready;
    private Runnable onReady = () -> {};
    private Runnable onCancel = () -> {};

    Client(boolean ready) {
      this.ready = ready;
    }

    void becomeReady() {
      ready = true;
      onReady.run();
    }

    void leave() {
      onCancel.run();
    }

    ContainerEventType take() throws InterruptedException {
      ContainerEventResponse answer = taken.poll(10, TimeUnit.SECONDS);
      if (answer == null) {
        throw new AssertionError("no answer came");
      }
      return answer.getContainerEventType();
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
      onReady = handler;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
      onCancel = handler;
    }

    @Override
    public void onNext(ContainerEventResponse answer) {
      taken.add(answer);
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setCompression(String compression) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }

  private Client reading(boolean ready) {
    Client client = new Client(ready);
    calls.answering(
        "GetContainerEvents", GetEventsRequest.getDefaultInstance(), client, reader::send);
    return client;
  }

  private void publish(Kind kind) {
    events.publish(kind, POD, CONTAINER);
  }

  @Test
  void aReaderThatTakesNothingLosesItsStreamAndNoOtherDoes() throws Exception {
    publish(Kind.CREATED);
    Client quick = reading(true);
    assertThat(quick.take()).isEqualTo(ContainerEventType.CONTAINER_CREATED_EVENT);
    Client slow = reading(false);
    // Until the slow one has subscribed nothing is lost for it, so go on until it has lost some.
    while (!slow.end.isDone()) {
      publish(Kind.STARTED);
      assertThat(quick.take()).isEqualTo(ContainerEventType.CONTAINER_STARTED_EVENT);
    }

    assertThat(slow.end.get().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(slow.end.get().getDescription()).contains("fell too far behind");
    assertThat(slow.taken).isEmpty();
    assertThat(quick.end).isNotDone();
  }

  @Test
  void aReaderThatPausesGetsEverythingInOrder() throws Exception {
    publish(Kind.CREATED);
    publish(Kind.STARTED);
    publish(Kind.STOPPED);
    Client client = reading(false);
    client.becomeReady();

    assertThat(List.of(client.take(), client.take(), client.take()))
        .containsExactly(
            ContainerEventType.CONTAINER_CREATED_EVENT,
            ContainerEventType.CONTAINER_STARTED_EVENT,
            ContainerEventType.CONTAINER_STOPPED_EVENT);
    assertThat(client.end).isNotDone();
  }

  @Test
  void theEndOfTheDaemonIsToldToWhoReadsAndWhoDoesNot() throws Exception {
    publish(Kind.CREATED);
    Client client = reading(true);
    assertThat(client.take()).isEqualTo(ContainerEventType.CONTAINER_CREATED_EVENT);
    Client stuck = reading(false);
    events.close();

    assertThat(client.end.get().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(stuck.end.get().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void whatAReaderThatLeftDidNotGetGoesToTheNext() throws Exception {
    publish(Kind.CREATED);
    Client gone = reading(true);
    assertThat(gone.take()).isEqualTo(ContainerEventType.CONTAINER_CREATED_EVENT);
    gone.leave();
    publish(Kind.DELETED);
    Client next = reading(true);

    assertThat(next.take()).isEqualTo(ContainerEventType.CONTAINER_DELETED_EVENT);
    assertThat(gone.end).isNotDone();
  }
}
