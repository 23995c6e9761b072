package dev.hearth.runtime.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.Event;
import dev.hearth.proto.nri.v1alpha1.FailurePolicy;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.RunPodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.StateChangeEvent;
import dev.hearth.proto.nri.v1alpha1.SynchronizeRequest;
import dev.hearth.proto.nri.v1alpha1.SynchronizeResponse;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.nri.ttrpc.CallHandler;
import dev.hearth.runtime.nri.ttrpc.ChannelPair;
import dev.hearth.runtime.nri.ttrpc.Peer;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PluginTest {
  private static final PodSandbox POD = PodSandbox.newBuilder().setId("p").build();

  private final List<Peer> peers = new ArrayList<>();
  private final CountDownLatch never = new CountDownLatch(1);

  @AfterEach
  void close() {
    never.countDown();
    peers.forEach(Peer::close);
  }

  private Plugin plugin(ConfigureResponse configuration, Duration patience, CallHandler there)
      throws IOException {
    ChannelPair channels = ChannelPair.open();
    Peer near = new Peer(channels.first(), new Peer.Lanes(1, 2), (_, _, _) -> ByteString.EMPTY);
    Peer far = new Peer(channels.second(), new Peer.Lanes(2, 1), there);
    peers.add(near);
    peers.add(far);
    near.start();
    far.start();
    Plugin plugin = new Plugin(new PluginName("10", "x"), near, patience, configuration);
    plugin.introduce();
    return plugin;
  }

  private static ConfigureResponse policy(boolean fail, boolean keep) {
    return ConfigureResponse.newBuilder()
        .setFailurePolicy(FailurePolicy.newBuilder().setFailRequest(fail).setKeepConnected(keep))
        .build();
  }

  private ByteString hang(String service, String method, ByteString payload) {
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return payload;
  }

  private static void run(Plugin plugin) {
    var _ =
        plugin.call(
            Method.RUN_POD,
            RunPodSandboxRequest.newBuilder().setPod(POD).build(),
            StateChangeEvent.newBuilder().setPod(POD).build());
  }

  @Test
  void oneThatIsSilentIsDroppedAndTheRequestGoesOn() throws IOException {
    Plugin plugin = plugin(policy(false, false), Duration.ofMillis(10), this::hang);

    run(plugin);

    assertThat(plugin.connected()).isFalse();
  }

  @Test
  void itsPolicyMayKeepItAndMayFailTheRequest() throws IOException {
    Plugin kept = plugin(policy(false, true), Duration.ofMillis(10), this::hang);
    run(kept);
    assertThat(kept.connected()).isTrue();

    Plugin strict = plugin(policy(true, false), Duration.ofMillis(10), this::hang);
    assertThatThrownBy(() -> run(strict))
        .isInstanceOf(HearthException.HostFailure.class)
        .hasMessageContaining("10-x failed at RunPodSandbox");
    assertThat(strict.connected()).isFalse();
  }

  @Test
  void oneThatBreaksTheProtocolIsDroppedWhateverItsPolicy() throws IOException {
    Plugin plugin =
        plugin(
            policy(false, true),
            Duration.ofSeconds(30),
            (_, _, _) -> ByteString.copyFrom(new byte[] {(byte) 0xFF}));

    run(plugin);

    assertThat(plugin.connected()).isFalse();
  }

  @Test
  void oneThatRefusesFailsTheRequestAndStays() throws IOException {
    Plugin plugin =
        plugin(
            policy(false, false),
            Duration.ofSeconds(30),
            (_, _, _) -> {
              throw new PeerException.Refused(PeerException.Refused.UNKNOWN, "no room");
            });

    assertThatThrownBy(() -> run(plugin))
        .isInstanceOf(HearthException.WrongState.class)
        .hasMessage("plugin 10-x refused RunPodSandbox: no room");
    assertThat(plugin.connected()).isTrue();
  }

  @Test
  void oneOfAnOlderReleaseIsAskedOnlyOnceForWhatItHasNot() throws IOException {
    List<String> calls = new CopyOnWriteArrayList<>();
    Plugin plugin =
        plugin(
            policy(false, false),
            Duration.ofSeconds(30),
            (_, method, payload) -> {
              if (!method.equals("StateChange")) {
                calls.add(method);
                throw new PeerException.Refused(PeerException.Refused.UNIMPLEMENTED, method);
              }
              try {
                calls.add("StateChange " + StateChangeEvent.parseFrom(payload).getEvent());
              } catch (IOException e) {
                calls.add(e.toString());
              }
              return ByteString.EMPTY;
            });

    run(plugin);
    run(plugin);

    assertThat(calls)
        .containsExactly(
            "RunPodSandbox", "StateChange RUN_POD_SANDBOX", "StateChange RUN_POD_SANDBOX");
  }

  @Test
  void noEventsMeanAllAndUnknownOnesAreRefused() throws IOException {
    Plugin all = plugin(policy(false, false), Duration.ofSeconds(1), this::hang);
    assertThat(all.subscribed(Event.RUN_POD_SANDBOX)).isTrue();
    assertThat(all.subscribed(Event.VALIDATE_CONTAINER_ADJUSTMENT)).isTrue();

    Plugin one =
        plugin(
            ConfigureResponse.newBuilder().setEvents(1 << 3).build(),
            Duration.ofSeconds(1),
            this::hang);
    assertThat(one.subscribed(Event.CREATE_CONTAINER)).isTrue();
    assertThat(one.subscribed(Event.START_CONTAINER)).isFalse();

    assertThatThrownBy(() ->
            plugin(
                ConfigureResponse.newBuilder().setEvents(1 << 14).build(),
                Duration.ofSeconds(1),
                this::hang))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("0x4000");
  }

  @Test
  void aListTooLongForOneMessageComesInPieces() throws Exception {
    List<SynchronizeRequest> pieces = new CopyOnWriteArrayList<>();
    Plugin plugin = synchronised(pieces, true);
    Synchronization list = list();

    assertThat(list.send(plugin, Duration.ofSeconds(30)))
        .extracting(ContainerUpdate::getContainerId)
        .containsExactly("u");
    assertThat(pieces).hasSizeGreaterThan(2);
    assertThat(pieces.subList(0, pieces.size() - 1)).allMatch(SynchronizeRequest::getMore);
    assertThat(pieces.getLast().getMore()).isFalse();
    assertThat(pieces.stream().flatMap(piece -> piece.getContainersList().stream()))
        .extracting(Container::getId)
        .containsExactly("c0", "c1", "c2", "c3", "c4");
    assertThat(pieces).allMatch(piece -> piece.getSerializedSize() <= 300);
  }

  @Test
  void onePluginThatCannotPutPiecesTogetherIsTurnedAway() throws Exception {
    Plugin plugin = synchronised(new CopyOnWriteArrayList<>(), false);

    assertThatThrownBy(() -> list().send(plugin, Duration.ofSeconds(30)))
        .isInstanceOf(PeerException.Broken.class)
        .hasMessageContaining("pieces");
  }

  private Plugin synchronised(List<SynchronizeRequest> pieces, boolean capable) throws IOException {
    return plugin(
        policy(false, false),
        Duration.ofSeconds(30),
        (_, _, payload) -> {
          try {
            SynchronizeRequest piece = SynchronizeRequest.parseFrom(payload);
            pieces.add(piece);
            SynchronizeResponse.Builder answer =
                SynchronizeResponse.newBuilder().setMore(capable && piece.getMore());
            if (!piece.getMore()) {
              answer.addUpdate(ContainerUpdate.newBuilder().setContainerId("u"));
            }
            return answer.build().toByteString();
          } catch (IOException e) {
            throw new PeerException.Refused(PeerException.Refused.UNKNOWN, e.toString());
          }
        });
  }

  private static Synchronization list() {
    Synchronization list = new Synchronization(290);
    list.add(POD);
    for (int i = 0; i < 5; i++) {
      list.add(Container.newBuilder().setId("c" + i).setName("n".repeat(100)).build());
    }
    return list;
  }
}
