package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.cni.AutomaticNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node on which a network of plugins is installed after the fact. */
@NeedsRoot
class AutomaticNetworkIT {
  private static final PodId EARLY = NodeOnTrial.pod(1);
  private static final PodId LATE = NodeOnTrial.pod(2);

  @TempDir Path directory;
  private NodeOnTrial node;
  private CniOnTrial cni;
  private AutomaticNetwork network;

  @BeforeEach
  void open() throws Exception {
    node = new NodeOnTrial(directory);
    cni = new CniOnTrial(directory);
    cni.installReferencePlugins(node.host);
    network = openNetwork();
  }

  private AutomaticNetwork openNetwork() throws Exception {
    return new AutomaticNetwork(
        cni.open(Duration.ofSeconds(30)), node.network("hearth0", "10.9.0.0/24"));
  }

  @AfterEach
  void close() throws Exception {
    network.close();
    cni.close();
    node.close();
  }

  private void configure() throws Exception {
    cni.configure(
        "10.conf",
        """
        {"cniVersion": "1.0.0", "name": "ptp", "type": "ptp",
         "ipam": {"type": "host-local", "dataDir": "%s", "subnet": "10.8.0.0/24"}}
        """
            .formatted(directory.resolve("addresses")));
  }

  private static String address(NetworkAttachment attachment) {
    return attachment.addresses().getFirst().address().getHostAddress();
  }

  @Test
  void podsStayWithTheNetworkThatConnectedThemAndNewOnesGoWhereThePluginIs() throws Exception {
    network.reconcile(Map.of());
    Path early = node.netns("early");
    assertThat(address(network.attach(EARLY, early, PodNetworkRequest.PLAIN))).startsWith("10.9.");

    configure();
    Path late = node.netns("late");
    assertThat(address(network.attach(LATE, late, PodNetworkRequest.PLAIN))).startsWith("10.8.");
    network.check(EARLY, early);
    network.check(LATE, late);
    assertThat(network.statistics(Map.of(EARLY, early, LATE, late))).containsOnlyKeys(EARLY, LATE);
    assertThat(network.details(LATE)).contains("\"name\":\"ptp\"");
    assertThat(network.details(EARLY)).isEmpty();

    // A restart that finds the plugin gone again leaves both as they are.
    network.close();
    Files.delete(cni.configurations.resolve("10.conf"));
    network = openNetwork();
    network.reconcile(Map.of(EARLY, early, LATE, late));
    network.check(EARLY, early);
    network.check(LATE, late);

    network.detach(EARLY, Optional.of(early));
    network.detach(LATE, Optional.of(late));
    NodeOnTrial.awaitTeardown(network);
    try (var files = Files.list(directory.resolve("addresses/ptp"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith("10."));
    }
  }

  @Test
  void whereAPluginIsConfiguredTheBuiltInNetworkMakesNothing() throws Exception {
    configure();
    network.reconcile(Map.of());
    assertThat(network.status()).isEqualTo(new NetworkStatus.Ready(List.of()));
    assertThat(network.prepared().take(directory.resolve("pin"))).isEmpty();
    assertThat(node.hostLinks()).doesNotContain("hearth0");
  }
}
