package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FakeNetworkTest extends PodNetworkContract {
  private final FakeNetwork network = new FakeNetwork(ROOM);

  @Override
  PodNetwork network() {
    return network;
  }

  @Override
  Path netns(int pod) {
    return Path.of("/ns", Integer.toString(pod));
  }

  @Test
  void failsAsToldOnce() throws Exception {
    network.failNext(new NetworkException.Exhausted("as told"));

    assertThatThrownBy(() -> network.attach(pod(1), netns(1), PodNetworkRequest.PLAIN))
        .hasMessage("as told");
    network.attach(pod(1), netns(1), PodNetworkRequest.PLAIN);
  }
}
