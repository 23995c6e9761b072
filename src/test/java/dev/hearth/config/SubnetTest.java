package dev.hearth.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class SubnetTest {
  @Test
  void isReadAndWrittenInCidrNotation() {
    assertThat(Subnet.parse("10.201.0.0/16")).hasToString("10.201.0.0/16");
    assertThat(Subnet.parse("10.201.0.0/16").isIpv4()).isTrue();
    assertThat(Subnet.parse("fd00::/8").isIpv4()).isFalse();
    assertThat(Subnet.parse("0.0.0.0/0").prefixLength()).isZero();
  }

  @Test
  void refusesAPrefixLengthOutsideTheFamily() {
    assertThatIllegalArgumentException().isThrownBy(() -> Subnet.parse("10.0.0.0/33"));
    assertThatIllegalArgumentException().isThrownBy(() -> Subnet.parse("fd00::/129"));
    assertThatIllegalArgumentException().isThrownBy(() -> Subnet.parse("10.0.0.0/x"));
    assertThatIllegalArgumentException().isThrownBy(() -> Subnet.parse("10.0.0.0/-1"));
  }

  @Test
  void overlapsWhatSharesAnAddress() {
    Subnet wide = Subnet.parse("10.0.0.0/8");
    Subnet narrow = Subnet.parse("10.201.0.0/16");

    assertThat(wide.overlaps(narrow)).isTrue();
    assertThat(narrow.overlaps(wide)).isTrue();
    assertThat(narrow.overlaps(Subnet.parse("10.200.0.0/16"))).isFalse();
    assertThat(narrow.overlaps(Subnet.parse("fd00::/8"))).isFalse();
  }
}
