package dev.hearth.runtime.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.PodId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ContainerEventsTest {
  private static final PodId POD = new PodId("a".repeat(64));

  private final ContainerEvents events = new ContainerEvents(2);

  private static ContainerEvent event(int second) {
    return new ContainerEvent(
        ContainerEvent.Kind.CREATED, POD, Optional.empty(), Instant.ofEpochSecond(second));
  }

  @Test
  void everySubscriberSeesEveryEventInOrder() throws Exception {
    try (ContainerEvents.Subscription first = events.subscribe();
        ContainerEvents.Subscription second = events.subscribe()) {
      events.publish(event(1));
      events.publish(event(2));

      for (ContainerEvents.Subscription subscription : java.util.List.of(first, second)) {
        assertThat(subscription.next(Duration.ZERO)).contains(event(1));
        assertThat(subscription.next(Duration.ZERO)).contains(event(2));
        assertThat(subscription.next(Duration.ZERO)).isEmpty();
      }
    }
  }

  @Test
  void aSlowSubscriberIsDroppedAndNoOtherNotices() throws Exception {
    try (ContainerEvents.Subscription slow = events.subscribe();
        ContainerEvents.Subscription quick = events.subscribe()) {
      for (int i = 0; i < 3; i++) {
        events.publish(event(i));
        assertThat(quick.next(Duration.ZERO)).contains(event(i));
      }

      assertThat(slow.closed()).isTrue();
      assertThat(quick.closed()).isFalse();
    }
  }
}
