package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.network.NodeOnTrial.Outcome;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
class BuiltInNetworkIT {
  @TempDir Path directory;
  private NodeOnTrial node;

  @BeforeEach
  void build() throws Exception {
    node = new NodeOnTrial(directory);
  }

  @AfterEach
  void tearDown() throws Exception {
    node.close();
  }

  private static void ping(Path from, String to) throws Exception {
    Outcome outcome = NodeOnTrial.run(from, "busybox", "ping", "-c", "1", "-W", "2", to);
    assertThat(outcome.exit()).as(outcome.output()).isZero();
  }

  @Test
  void podsReachEachOtherTheHostAndTheWorld() throws Exception {
    try (BuiltInNetwork network = node.network("hearth0", "10.9.0.0/24", "fd00:9::/64")) {
      network.reconcile(Map.of());
      Path one = node.netns("one");
      Path two = node.netns("two");
      network.attach(NodeOnTrial.pod(1), one, PodNetworkRequest.PLAIN);
      network.attach(NodeOnTrial.pod(2), two, PodNetworkRequest.PLAIN);
      ping(one, "10.9.0.3");
      ping(one, "fd00:9::3");
      ping(one, "10.9.0.1");
      ping(two, "192.0.2.1");
      ping(two, "192.0.2.2");
      ping(two, "fd99::2");
    }
  }
}
