package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpPrefixTest {
  @ParameterizedTest
  @CsvSource({
    "10.9.3.7/16, 0, 10.9.0.0/16",
    "10.9.0.0/16, 1, 10.9.0.1/16",
    "10.9.0.0/16, 65535, 10.9.255.255/16",
    "0.0.0.0/0, 1, 0.0.0.1/0",
    "255.255.255.0/24, 9, 255.255.255.9/24",
    "fd00::/64, 258, fd00:0:0:0:0:0:0:102/64",
    "ffff::/16, 1, ffff:0:0:0:0:0:0:1/16",
  })
  void addressesAreCountedFromTheNetwork(String prefix, int offset, String expected) {
    IpPrefix sum = IpPrefix.parse(prefix).plus(offset);

    assertThat(sum).hasToString(expected);
    assertThat(IpPrefix.parse(prefix).offsetOf(sum.address())).isEqualTo(offset);
  }

  @Test
  void addressOutsideOrFarAwayHasNoOffset() {
    assertThat(IpPrefix.parse("10.9.0.0/16").offsetOf(InetAddress.ofLiteral("10.8.0.1")))
        .isEqualTo(-1);
    assertThat(IpPrefix.parse("10.9.0.0/16").offsetOf(InetAddress.ofLiteral("fd00::1")))
        .isEqualTo(-1);
    assertThat(IpPrefix.parse("fd00::/64").offsetOf(InetAddress.ofLiteral("fd00::1:0:0:0")))
        .isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "host/8", "10.0.0.0/x", "/8"})
  void otherTextIsRefused(String text) {
    assertThatThrownBy(() -> IpPrefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
