package dev.hearth.runtime.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.UserNamespace;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class UserRangesTest {
  private static final long FIRST = 1_000_000;
  private static final long LENGTH = 65_536;

  private final UserRanges ranges = new UserRanges(FIRST, 3);

  private static PodId pod(int number) {
    return new PodId("%064x".formatted(number));
  }

  private static UserNamespace from(long uid, long gid) {
    return new UserNamespace(
        List.of(new IdMapping(uid, 0, LENGTH)), List.of(new IdMapping(gid, 0, LENGTH)));
  }

  @Test
  void podsUnderWayGetDifferentIds() {
    assertThat(ranges.take(pod(1), () -> Stream.of())).isEqualTo(from(FIRST, FIRST));
    assertThat(ranges.take(pod(2), () -> Stream.of()))
        .isEqualTo(from(FIRST + LENGTH, FIRST + LENGTH));
  }

  @Test
  void whatAPodHasIsNobodyElsesWhoeverChoseIt() {
    // One overlaps the first range by a user, the other the last two by its groups.
    Stream<UserNamespace> others =
        Stream.of(from(FIRST - LENGTH + 1, 100_000), from(100_000, FIRST + 2 * LENGTH - 1));

    assertThatThrownBy(() -> ranges.take(pod(1), () -> others))
        .isInstanceOf(HearthException.LimitReached.class)
        .hasMessageContaining("3 pods from 1000000");
  }

  @Test
  void whatIsGivenUpIsFreeAgain() {
    UserNamespace first = ranges.take(pod(1), () -> Stream.of());
    UserNamespace second = ranges.take(pod(2), () -> Stream.of(first));
    ranges.settle(pod(1));

    assertThat(ranges.take(pod(3), () -> Stream.of())).isEqualTo(first);
    assertThat(ranges.take(pod(4), () -> Stream.of())).isNotIn(first, second);
    assertThatThrownBy(() -> ranges.take(pod(5), () -> Stream.of()))
        .isInstanceOf(HearthException.LimitReached.class);
  }

  @Test
  void whatAPodUnderWayBringsIsNobodyElses() {
    ranges.hold(pod(1), from(FIRST, FIRST));

    assertThat(ranges.take(pod(2), Stream::of)).isEqualTo(from(FIRST + LENGTH, FIRST + LENGTH));
  }

  @Test
  void aPodThatIsListedMeanwhileIsNotOverlooked() {
    UserNamespace first = ranges.take(pod(1), Stream::of);

    assertThat(
            ranges.take(
                pod(2),
                () -> {
                  // Only under the lock can this be: another thread would have to wait.
                  assertThat(Thread.holdsLock(ranges)).isTrue();
                  ranges.settle(pod(1));
                  return Stream.of(first);
                }))
        .isNotEqualTo(first);
  }
}
