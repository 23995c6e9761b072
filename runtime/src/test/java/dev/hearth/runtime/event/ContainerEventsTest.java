package dev.hearth.runtime.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.event.ContainerEvent.Kind;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class ContainerEventsTest {
  private static final PodId POD = new PodId("a".repeat(64));
  private static final ContainerId CONTAINER = new ContainerId("b".repeat(64));

  private Instant now = Instant.EPOCH;
  private final List<Subscription.End> ends = new ArrayList<>();
  private final ContainerEvents events = new ContainerEvents(2, new NoPods(), () -> now);

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

  private void publish(Kind... kinds) {
    for (Kind kind : kinds) {
      events.publish(kind, POD, CONTAINER);
    }
  }

  private Subscription subscribe() {
    return events.subscribe(ends::add);
  }

  /** One that leaves by itself when it is told of its end. */
  private Subscription leaving() {
    var self = new AtomicReference<Subscription>();
    Subscription subscription =
        events.subscribe(end -> {
          ends.add(end);
          if (self.get() != null) {
            self.get().close();
          }
        });
    self.set(subscription);
    return subscription;
  }

  private static Optional<Kind> next(Subscription subscription) throws InterruptedException {
    return subscription.next().map(ContainerEvent::kind);
  }

  @Test
  void everySubscriberSeesEveryEventInOrder() throws Exception {
    try (Subscription first = subscribe();
        Subscription second = subscribe()) {
      publish(Kind.CREATED, Kind.STARTED);

      for (Subscription subscription : List.of(first, second)) {
        assertThat(next(subscription)).contains(Kind.CREATED);
        assertThat(next(subscription)).contains(Kind.STARTED);
      }
    }
  }

  @Test
  void aSlowSubscriberIsDroppedAndNoOtherNotices() throws Exception {
    try (Subscription slow = subscribe();
        Subscription quick = subscribe()) {
      for (Kind kind : List.of(Kind.CREATED, Kind.STARTED, Kind.STOPPED)) {
        publish(kind);
        assertThat(next(quick)).contains(kind);
      }

      assertThat(next(slow)).isEmpty();
      assertThat(ends).containsExactly(Subscription.End.LAGGED);
      publish(Kind.DELETED);
      assertThat(next(quick)).contains(Kind.DELETED);
    }
  }

  @Test
  void timesNeverGoBackAndNoTwoEventsShareOne() throws Exception {
    try (Subscription subscription = subscribe()) {
      now = Instant.ofEpochSecond(100);
      publish(Kind.CREATED);
      now = Instant.ofEpochSecond(50);
      publish(Kind.STARTED);

      Instant first = subscription.next().orElseThrow().at();
      assertThat(first).isEqualTo(Instant.ofEpochSecond(100));
      assertThat(subscription.next().orElseThrow().at()).isAfter(first);
    }
  }

  @Test
  void whatNobodyTookGoesToTheFirstSubscriberOnly() throws Exception {
    publish(Kind.STOPPED);

    try (Subscription first = subscribe();
        Subscription second = subscribe()) {
      publish(Kind.DELETED);
      assertThat(List.of(next(first), next(first)))
          .containsExactly(Optional.of(Kind.STOPPED), Optional.of(Kind.DELETED));
      assertThat(next(second)).contains(Kind.DELETED);
    }
  }

  @Test
  void ofWhatNobodyTookTheNewestAreKept() throws Exception {
    publish(Kind.CREATED, Kind.STARTED, Kind.STOPPED);

    try (Subscription subscription = subscribe()) {
      assertThat(List.of(next(subscription), next(subscription)))
          .containsExactly(Optional.of(Kind.STARTED), Optional.of(Kind.STOPPED));
    }
  }

  @Test
  void whatNobodyTookIsForgottenAfterAWhile() throws Exception {
    publish(Kind.CREATED);
    now = now.plus(ContainerEvents.KEPT).plusSeconds(1);

    try (Subscription subscription = subscribe()) {
      publish(Kind.DELETED);
      assertThat(next(subscription)).contains(Kind.DELETED);
    }
  }

  @Test
  void whoLeavesIsForgotten() throws Exception {
    Subscription gone = subscribe();
    gone.close();
    publish(Kind.CREATED);

    assertThat(next(gone)).isEmpty();
    assertThat(ends).isEmpty();
    try (Subscription subscription = subscribe()) {
      assertThat(next(subscription)).contains(Kind.CREATED);
    }
  }

  @Test
  void stoppingEndsEverySubscriptionAndThoseToCome() throws Exception {
    List<Subscription> all = new ArrayList<>(List.of(leaving(), leaving()));
    events.close();
    all.add(subscribe());

    for (Subscription subscription : all) {
      assertThat(next(subscription)).isEmpty();
    }
    assertThat(ends).hasSize(3).containsOnly(Subscription.End.STOPPING);
  }
}
