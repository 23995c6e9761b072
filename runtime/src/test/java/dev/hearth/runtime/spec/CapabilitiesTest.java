package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.shim.CapabilitySets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CapabilitiesTest {
  private static final long EVERYTHING = (1L << 41) - 1;
  private static final long NET_ADMIN = 1L << 12;
  private static final long CHOWN = 1;

  private final Requests request = new Requests();

  private CapabilitySets sets(long bounding) {
    return Capabilities.sets(request.security(), bounding);
  }

  @Test
  void givesTheUsualFourteen() {
    assertThat(sets(EVERYTHING)).isEqualTo(CapabilitySets.of(0xA80425FBL));
    assertThat(Capabilities.names(0xA80425FBL)).hasSize(14).contains("NET_RAW", "AUDIT_WRITE");
  }

  @Test
  void addsAndDropsByAnySpelling() {
    request.addCapabilities = List.of("net_admin", "CAP_SYS_TIME");
    request.dropCapabilities = List.of("Chown");
    assertThat(sets(EVERYTHING).effective())
        .isEqualTo((0xA80425FBL | NET_ADMIN | 1L << 25) & ~CHOWN);
  }

  @Test
  void takesAllInThePeersOrder() {
    request.addCapabilities = List.of("all");
    assertThat(sets(EVERYTHING).bounding()).isEqualTo(EVERYTHING);
    request.dropCapabilities = List.of("CHOWN");
    assertThat(sets(EVERYTHING).bounding()).isEqualTo(EVERYTHING & ~CHOWN);
    request.addCapabilities = List.of("NET_ADMIN");
    request.dropCapabilities = List.of("ALL");
    assertThat(sets(EVERYTHING).bounding()).isEqualTo(NET_ADMIN);
  }

  @Test
  void cannotGiveWhatTheNodeLacks() {
    request.addCapabilities = List.of("ALL", "SYS_RESOURCE");
    long node = EVERYTHING & ~(1L << 24);
    assertThat(sets(node).permitted()).isEqualTo(node);
    request.privileged = true;
    assertThat(sets(node).permitted()).isEqualTo(node);
  }

  @Test
  void makesAmbientOnesInheritable() {
    request.ambientCapabilities = List.of("NET_ADMIN");
    CapabilitySets sets = sets(EVERYTHING);
    assertThat(sets.ambient()).isEqualTo(NET_ADMIN);
    assertThat(sets.inheritable()).isEqualTo(NET_ADMIN);
    assertThat(sets.permitted() & NET_ADMIN).isEqualTo(NET_ADMIN);
    request.ambientCapabilities = List.of();
    assertThat(sets(EVERYTHING).inheritable()).isZero();
  }

  @Test
  void refusesWhatIsNone() {
    request.addCapabilities = List.of("CAP_FLY");
    assertThatThrownBy(() -> sets(EVERYTHING))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("CAP_FLY");
  }
}
