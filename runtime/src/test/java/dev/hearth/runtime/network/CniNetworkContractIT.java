package dev.hearth.runtime.network;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.network.cni.CniNetwork;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The reference plugins: bridge with host-local addresses, and host ports by portmap, whose CHECK
 * in version 1.1.1 looks for rules of the other family.
 */
@NeedsRoot
class CniNetworkContractIT extends PodNetworkContract {
  @TempDir Path directory;
  private NodeOnTrial node;
  private CniOnTrial cni;
  private CniNetwork network;

  @BeforeEach
  void open() throws Exception {
    node = new NodeOnTrial(directory);
    cni = new CniOnTrial(directory);
    cni.installReferencePlugins(node.host);
    cni.configure(
        "10-bridge.conflist",
        """
        {"cniVersion": "1.0.0", "name": "contract", "disableCheck": true,
         "plugins": [
          {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
           "ipam": {"type": "host-local", "dataDir": "%s",
            "ranges": [[{"subnet": "10.9.0.0/29"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
          {"type": "portmap", "capabilities": {"portMappings": true}}]}
        """
            .formatted(directory.resolve("addresses")));
    network = cni.open(Duration.ofSeconds(30));
    network.reconcile(Map.of());
  }

  @AfterEach
  void close() throws Exception {
    for (int i = 1; i <= ROOM + 1; i++) {
      network.detach(pod(i), Optional.empty());
    }
    network.close();
    cni.close();
    node.close();
  }

  @Override
  PodNetwork network() {
    return network;
  }

  @Override
  Path netns(int pod) throws Exception {
    return node.netns("pod" + pod);
  }

  @Override
  Class<? extends NetworkException> fullness() {
    return NetworkException.PluginFailed.class;
  }
}
