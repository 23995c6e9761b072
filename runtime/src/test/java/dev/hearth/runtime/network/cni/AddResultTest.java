package dev.hearth.runtime.network.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkAttachment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AddResultTest {
  private static final String RESULT =
      """
      {"cniVersion": "1.0.0",
       "interfaces": [{"name": "cni0", "mac": "02:00:00:00:00:01"}, {"name": "veth1"},
         {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/run/netns/x"},
         {"name": "net1", "sandbox": "/run/netns/x"}],
       "ips": [{"address": "10.1.0.9/24", "interface": 3},
               {"address": "fd00::5/64", "gateway": "fd00::1", "interface": 2},
               {"address": "10.1.0.5/24", "gateway": "10.1.0.1", "interface": 2},
               {"address": "10.1.0.6/24", "interface": 2}],
       "dns": {}}
      """;

  @Test
  void aPodHasTheFirstAddressOfEachFamilyOfItsOwnInterface() {
    NetworkAttachment attachment = AddResult.parse(RESULT, CniVersion.V1_1_0).attachment("eth0");

    assertThat(attachment.addresses())
        .containsExactly(IpPrefix.parse("fd00::5/64"), IpPrefix.parse("10.1.0.5/24"));
    assertThat(attachment.gateways()).hasSize(2);
    assertThat(attachment.mac()).hasToString("02:00:00:00:00:02");
    assertThat(attachment.hostLink()).isEqualTo("veth1");
  }

  @Test
  void addressesWithoutAnInterfaceArePodsOwn() {
    assertThat(
            AddResult.parse("{\"ips\": [{\"address\": \"10.1.0.5/24\"}]}", CniVersion.V1_0_0)
                .attachment("eth0")
                .addresses())
        .containsExactly(IpPrefix.parse("10.1.0.5/24"));
  }

  @Test
  void theNextPluginIsAnsweredInTheVersionThatIsSpoken() {
    assertThat(AddResult.parse(RESULT, CniVersion.V0_4_0).body().toString())
        .contains("\"cniVersion\":\"0.4.0\"", "\"version\":\"6\"", "\"dns\":{}");
    assertThat(
            AddResult.parse(
                    "{\"cniVersion\": \"0.3.1\","
                        + " \"ips\": [{\"version\": \"4\", \"address\": \"10.1.0.5/24\"}]}",
                    CniVersion.V1_0_0)
                .body()
                .toString())
        .isEqualTo("{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.5/24\"}]}");
  }

  @Test
  void whateverAPluginSaysIsReadOrRefused() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(RESULT);
      for (int edit = random.nextInt(1, 4); edit > 0; edit--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, (char) random.nextInt(1, 256));
          default -> text.setCharAt(at, "{}[]\",:019.xn".charAt(random.nextInt(13)));
        }
      }
      try {
        var _ = AddResult.parse(text.toString(), CniVersion.V1_1_0).attachment("eth0");
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageMatching("(?s).+");
      }
    }
  }

  @Test
  void depthIsBounded() {
    assertThatThrownBy(() -> AddResult.parse("{\"a\":" + "[".repeat(100_000), CniVersion.V1_1_0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
