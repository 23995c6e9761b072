package dev.hearth.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.PodId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StreamTokensTest {
  private static final StreamRequest REQUEST =
      new StreamRequest.PortForward(new PodId("ab".repeat(32)), List.of());

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final StreamTokens tokens = new StreamTokens(() -> now);

  @Test
  void aTokenWorksOnce() {
    String token = tokens.issue(REQUEST);

    assertThat(tokens.redeem(token)).contains(REQUEST);
    assertThat(tokens.redeem(token)).isEmpty();
  }

  @Test
  void aTokenWorksForAMinute() {
    String token = tokens.issue(REQUEST);
    String other = tokens.issue(REQUEST);

    now = now.plus(Duration.ofSeconds(59));
    assertThat(tokens.redeem(token)).isPresent();
    now = now.plus(Duration.ofSeconds(1));
    assertThat(tokens.redeem(other)).isEmpty();
    assertThat(tokens.size()).isZero();
  }

  @Test
  void whatNobodyGaveOutIsWorthNothing() {
    tokens.issue(REQUEST);

    assertThat(tokens.redeem("")).isEmpty();
    assertThat(tokens.redeem("A".repeat(43))).isEmpty();
  }

  @Test
  void tokensAreLongFitForAPathAndNeverTheSame() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < StreamTokens.LIMIT; i++) {
      String token = tokens.issue(REQUEST);
      assertThat(token).matches("[A-Za-z0-9_-]{43}");
      assertThat(seen.add(token)).isTrue();
    }
  }

  @Test
  void thereIsRoomForSoManyUntilTheOldestExpire() {
    for (int i = 0; i < StreamTokens.LIMIT; i++) {
      tokens.issue(REQUEST);
    }

    assertThatThrownBy(() -> tokens.issue(REQUEST))
        .isInstanceOf(HearthException.LimitReached.class);
    now = now.plus(StreamTokens.LIFETIME);
    assertThat(tokens.redeem(tokens.issue(REQUEST))).isPresent();
  }
}
