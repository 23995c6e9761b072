package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BandwidthTest {
  @Test
  void podsWithoutTheAnnotationsAreNotLimited() throws Exception {
    assertThat(Bandwidth.of(Map.of("kubernetes.io/other", "1"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "1k, 1000",
    "10M, 10000000",
    "1.5G, 1500000000",
    "1Ki, 1024",
    "2Mi, 2097152",
    "1e6, 1000000",
    "+5E3, 5000",
    ".5M, 500000",
    "2000500m, 2000",
    "1P, 1000000000000000",
  })
  void quantitiesAreReadAsKubernetesWritesThem(String text, long bits) throws Exception {
    assertThat(
            Bandwidth.of(
                Map.of(
                    "kubernetes.io/ingress-bandwidth",
                    text,
                    "kubernetes.io/egress-bandwidth",
                    "1M")))
        .contains(new Bandwidth(Optional.of(bits), Optional.of(1_000_000L)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fast", "-1M", "1kk", "999", "1001T", "1e99", "10 M", "0x10"})
  void whatIsNoneOrOutOfBoundsIsRefused(String text) {
    assertThatThrownBy(() -> Bandwidth.of(Map.of("kubernetes.io/egress-bandwidth", text)))
        .isInstanceOf(NetworkException.Invalid.class)
        .hasMessageContaining("egress-bandwidth");
  }
}
