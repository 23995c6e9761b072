package dev.hearth.testing;

import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.ContainerEventType;
import dev.hearth.proto.cri.v1.GetEventsRequest;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What GetContainerEvents told since it was opened, read by a thread of its own. */
public final class EventLog {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final List<ContainerEventResponse> events = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Optional<StatusRuntimeException>> end = new CompletableFuture<>();

  private EventLog() {}

  /** Subscribes; what happens after the return is told, for the daemon is asked once more. */
  public static EventLog open(Cri cri) {
    EventLog log = new EventLog();
    var all = cri.runtime().getContainerEvents(GetEventsRequest.getDefaultInstance());
    Thread.ofVirtual()
        .start(() -> {
          try {
            all.forEachRemaining(log.events::add);
            log.end.complete(Optional.empty());
          } catch (StatusRuntimeException e) {
            log.end.complete(Optional.of(e));
          }
        });
    return log;
  }

  /** Waits until so many have come, and returns all. */
  public List<ContainerEventResponse> await(int count) {
    Await.until(() -> count + " events, not " + shown(), LIMIT, () -> events.size() >= count);
    return List.copyOf(events);
  }

  /** Each as TYPE and the first letters of its id. */
  public List<String> shown() {
    return events.stream().map(EventLog::shown).toList();
  }

  private static String shown(ContainerEventResponse event) {
    return show(event.getContainerEventType(), event.getContainerId());
  }

  /** How {@link #shown} shows an event. */
  public static String show(ContainerEventType type, String id) {
    return type.name().replaceAll("CONTAINER_|_EVENT", "") + " " + id.substring(0, 8);
  }

  /** Waits for the stream's end; how it ended. */
  public Optional<StatusRuntimeException> awaitEnd() {
    try {
      return end.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("the stream of events did not end", e);
    }
  }
}
