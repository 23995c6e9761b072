package dev.hearth.runtime.network;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
class BuiltInNetworkContractIT extends PodNetworkContract {
  @TempDir Path directory;
  private NodeOnTrial node;
  private BuiltInNetwork network;

  @BeforeEach
  void open() throws Exception {
    node = new NodeOnTrial(directory);
    network = node.network("hearth0", "10.9.0.0/29", "fd00:9::/64");
    network.reconcile(Map.of());
  }

  @AfterEach
  void close() throws Exception {
    network.close();
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
}
