package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversionsTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1",
    "2, 1",
    "3, 2",
    "102, 17",
    "512, 59",
    "1024, 100",
    "2048, 174",
    "262144, 10000",
    "1000000, 10000"
  })
  void turnsSharesIntoWeights(long shares, long weight) {
    assertThat(Conversions.weight(shares)).isEqualTo(weight);
  }

  @Test
  void neverLosesOrderAndStaysInRange() {
    long before = 1;
    for (long shares = 2; shares <= 262_144; shares += 7) {
      long weight = Conversions.weight(shares);
      assertThat(weight).isBetween(before, 10_000L);
      before = weight;
    }
  }

  @ParameterizedTest
  @CsvSource({"100, 100, 0", "100, 150, 50", "100, -1, -1", "-1, -1, -1"})
  void countsSwapAlone(long memory, long both, long swap) {
    assertThat(Conversions.swapAlone(memory, both)).isEqualTo(swap);
  }

  @Test
  void refusesLessSwapThanNone() {
    assertThatThrownBy(() -> Conversions.swapAlone(100, 99))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Conversions.swapAlone(-1, 99))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
