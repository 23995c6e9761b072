package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NamespaceMode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SysctlsTest {
  private final Requests request = new Requests();

  @Test
  void opensLowPortsUnlessTheNetworkIsTheNodes() {
    assertThat(Sysctls.defaults(request.pod()))
        .containsOnlyKeys("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range");
    request.network = NamespaceMode.NODE;
    assertThat(Sysctls.defaults(request.pod())).isEmpty();
  }

  @Test
  void setsWhatThePodOwns() {
    request.sysctls =
        Map.of(
            "net/ipv4/conf/eth0.1/forwarding", "1",
            "kernel.shmmax", "1000",
            "fs.mqueue.msg_max", "20",
            "net.ipv4.ip_unprivileged_port_start", "1024");
    assertThat(Sysctls.requested(request.pod()))
        .containsEntry("net.ipv4.conf.eth0/1.forwarding", "1")
        .containsEntry("kernel.shmmax", "1000")
        .containsEntry("fs.mqueue.msg_max", "20")
        .containsEntry("net.ipv4.ip_unprivileged_port_start", "1024");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.core_pattern",
        "vm.swappiness",
        "kernel/hostname",
        "net",
        "",
        "net..x",
        "net./.x",
        "kernel.shmmax.x",
        "../../etc/passwd"
      })
  void refusesWhatIsTheNodes(String name) {
    request.sysctls = Map.of(name.isEmpty() ? "." : name, "1");
    assertThatThrownBy(() -> Sysctls.requested(request.pod()))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }

  @Test
  void refusesWhatThePodShares() {
    request.sysctls = Map.of("net.core.somaxconn", "1");
    request.network = NamespaceMode.NODE;
    assertThatThrownBy(() -> Sysctls.requested(request.pod()))
        .hasMessageContaining("share its net namespace");
    request.sysctls = Map.of("kernel.sem", "1");
    request.ipc = NamespaceMode.NODE;
    assertThatThrownBy(() -> Sysctls.requested(request.pod()))
        .hasMessageContaining("share its ipc namespace");
  }
}
