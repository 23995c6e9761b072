package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPortsTest {
  private static PortMapping on(String hostIp) {
    return new PortMapping(Protocol.TCP, 80, 8080, hostIp);
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', true",
    "'', 192.0.2.1, true",
    "'', ::1, true",
    "0.0.0.0, 192.0.2.1, true",
    "0.0.0.0, ::1, false",
    "0.0.0.0, ::, false",
    "'::', '', true",
    "192.0.2.1, 192.0.2.1, true",
    "192.0.2.1, 192.0.2.2, false",
    "::1, 0:0:0:0:0:0:0:1, true",
  })
  void samePortCollidesWhereAddressesMeet(String one, String other, boolean collide) {
    assertThat(HostPorts.collide(on(one), on(other))).isEqualTo(collide);
    assertThat(HostPorts.collide(on(other), on(one))).isEqualTo(collide);
  }

  @Test
  void otherPortAndOtherProtocolDoNotCollide() {
    assertThat(HostPorts.collide(on(""), new PortMapping(Protocol.UDP, 80, 8080, ""))).isFalse();
    assertThat(HostPorts.collide(on(""), new PortMapping(Protocol.TCP, 80, 8081, ""))).isFalse();
  }

  @Test
  void declaredPortsWithoutHostPortAreLeftOut() throws Exception {
    assertThat(HostPorts.mapped(List.of(new PortMapping(Protocol.TCP, 80, 0, ""), on(""))))
        .containsExactly(on(""));
  }

  @Test
  void repeatedMappingCountsOnce() throws Exception {
    assertThat(HostPorts.mapped(List.of(on(""), on("")))).containsExactly(on(""));
  }

  @Test
  void contradictionsOfOnePodAreRefused() {
    assertThatThrownBy(
            () -> HostPorts.mapped(List.of(on(""), new PortMapping(Protocol.TCP, 81, 8080, ""))))
        .isInstanceOf(NetworkException.Invalid.class)
        .hasMessageContaining("8080/TCP");
  }

  @Test
  void hostIpMustBeAnAddressAndThePodsPortANumber() {
    assertThatThrownBy(() -> HostPorts.mapped(List.of(on("localhost"))))
        .isInstanceOf(NetworkException.Invalid.class)
        .hasMessageContaining("localhost is not an IP address");
    assertThatThrownBy(
            () -> HostPorts.mapped(List.of(new PortMapping(Protocol.TCP, 0, 8080, "::1"))))
        .isInstanceOf(NetworkException.Invalid.class)
        .hasMessageContaining("[::1]:8080/TCP");
  }
}
