package dev.hearth.runtime.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.runtime.nri.ttrpc.ChannelPair;
import dev.hearth.runtime.nri.ttrpc.Peer;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RosterTest {
  private final Roster roster = new Roster();

  private static Plugin plugin(String index, String base) throws IOException {
    Peer peer =
        new Peer(ChannelPair.open().first(), new Peer.Lanes(1, 2), (_, _, _) -> ByteString.EMPTY);
    return new Plugin(
        new PluginName(index, base),
        peer,
        Duration.ofSeconds(1),
        ConfigureResponse.getDefaultInstance());
  }

  @Test
  void pluginsStandInTheOrderOfTheirIndicesAndThenOfTheirComing() throws IOException {
    for (String name : new String[] {"50-a", "10-b", "50-c", "00-d"}) {
      roster.join(plugin(name.substring(0, 2), name.substring(3)));
    }

    assertThat(roster.present())
        .extracting(Plugin::toString)
        .containsExactly("00-d", "10-b", "50-a", "50-c");
  }

  @Test
  void aChangeUnderWayIsNotTheAffairOfOneThatJoinsLater() throws IOException {
    Roster.Passage before = roster.enter();
    Plugin late = plugin("10", "late");

    assertThat(roster.join(late)).containsExactly(before);
    assertThat(before.plugins()).isEmpty();
    assertThat(roster.enter().plugins()).containsExactly(late);
    assertThat(before.ended()).isNotDone();
    roster.leave(before);
    assertThat(before.ended()).isDone();
  }

  @Test
  void aChangeThatHasEndedIsNotWaitedFor() throws IOException {
    roster.leave(roster.enter());

    assertThat(roster.join(plugin("10", "late"))).isEmpty();
  }

  @Test
  void oneThatIsGoneIsAskedNoMore() throws IOException {
    Plugin plugin = plugin("10", "short");
    roster.join(plugin);
    roster.leave(plugin);

    assertThat(roster.present()).isEmpty();
  }
}
