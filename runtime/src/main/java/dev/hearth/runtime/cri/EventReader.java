package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.ContainerEventType;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.event.Subscription;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.HearthException;
import java.util.Optional;

/** Events as the kubelet's evented PLEG reads them: each with its whole pod as it was then. */
public final class EventReader {
  private final ContainerEvents events;

  public EventReader(ContainerEvents events) {
    this.events = events;
  }

  /** Sends events until the client goes or falls too far behind. */
  void send(AnswerStream<ContainerEventResponse> answers) throws InterruptedException {
    try (Subscription subscription = events.subscribe(end -> answers.end(reason(end)))) {
      answers.onEnd(subscription::close);
      for (Optional<ContainerEvent> event = subscription.next();
          event.isPresent();
          event = subscription.next()) {
        answers.send(event(event.get()));
      }
    }
    answers.requireOpen();
  }

  private static HearthException reason(Subscription.End end) {
    return switch (end) {
      case LAGGED ->
          new HearthException.LimitReached(
              "the reader of this stream of events fell too far behind, and has lost some:"
                  + " list pods and containers, and ask for events again");
      case STOPPING -> new HearthException.Busy("hearthd is stopping: ask for events again");
    };
  }

  static ContainerEventResponse event(ContainerEvent event) {
    ContainerEventResponse.Builder response =
        ContainerEventResponse.newBuilder()
            .setContainerId(event.container().map(ContainerId::value).orElse(event.pod().value()))
            .setContainerEventType(type(event.kind()))
            .setCreatedAt(ToCri.nanos(event.at()));
    event.sandbox().ifPresent(pod -> response.setPodSandboxStatus(ToCri.podStatus(pod)));
    for (ContainerRecord container : event.containers()) {
      String log = event.sandbox().map(pod -> ContainerInfo.logPath(pod, container)).orElse("");
      response.addContainersStatuses(ToCri.containerStatus(container, log));
    }
    return response.build();
  }

  private static ContainerEventType type(ContainerEvent.Kind kind) {
    return switch (kind) {
      case CREATED -> ContainerEventType.CONTAINER_CREATED_EVENT;
      case STARTED -> ContainerEventType.CONTAINER_STARTED_EVENT;
      case STOPPED -> ContainerEventType.CONTAINER_STOPPED_EVENT;
      case DELETED -> ContainerEventType.CONTAINER_DELETED_EVENT;
    };
  }
}
