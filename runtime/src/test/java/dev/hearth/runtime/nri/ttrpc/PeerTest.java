package dev.hearth.runtime.nri.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.hearth.proto.ttrpc.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeerTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<AutoCloseable> open = new ArrayList<>();

  private Peer[] peers(CallHandler near, CallHandler far) throws IOException {
    ChannelPair channels = ChannelPair.open();
    Peer first = new Peer(channels.first(), new Peer.Lanes(1, 2), near);
    Peer second = new Peer(channels.second(), new Peer.Lanes(2, 1), far);
    open.add(first);
    open.add(second);
    first.start();
    second.start();
    return new Peer[] {first, second};
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable peer : open) {
      peer.close();
    }
  }

  private static ByteString echo(String service, String method, ByteString payload) {
    return ByteString.copyFromUtf8(service + "/" + method + " ").concat(payload);
  }

  @Test
  void bothSidesCallEachOtherOverOneConnection() throws Exception {
    Peer[] peers = peers(PeerTest::echo, PeerTest::echo);

    assertThat(peers[0].call("a.B", "C", ByteString.copyFromUtf8("there"), LONG).toStringUtf8())
        .isEqualTo("a.B/C there");
    assertThat(peers[1].call("d.E", "F", ByteString.copyFromUtf8("back"), LONG).toStringUtf8())
        .isEqualTo("d.E/F back");
  }

  @Test
  void aRefusalCarriesItsCodeAndMessage() throws Exception {
    Peer[] peers =
        peers(
            PeerTest::echo,
            (_, method, _) -> {
              throw new PeerException.Refused(12, "no " + method);
            });

    assertThatThrownBy(() -> peers[0].call("a.B", "C", ByteString.EMPTY, LONG))
        .isInstanceOfSatisfying(
            PeerException.Refused.class, e -> assertThat(e.code()).isEqualTo(12))
        .hasMessage("no C");
  }

  @Test
  void answersFindTheirCallsInWhateverOrderTheyCome() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    Peer[] peers =
        peers(
            PeerTest::echo,
            (_, method, _) -> {
              if (method.equals("first")) {
                await(second);
              } else {
                second.countDown();
              }
              return ByteString.copyFromUtf8(method);
            });
    CompletableFuture<String> first = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            first.complete(peers[0].call("s", "first", ByteString.EMPTY, LONG).toStringUtf8());
          } catch (PeerException | InterruptedException e) {
            first.completeExceptionally(e);
          }
        });

    assertThat(peers[0].call("s", "second", ByteString.EMPTY, LONG).toStringUtf8())
        .isEqualTo("second");
    assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo("first");
  }

  @Test
  void aPeerThatDoesNotAnswerIsGivenUpAndSaidToBeSilent() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Peer[] peers =
        peers(
            PeerTest::echo,
            (_, _, payload) -> {
              await(never);
              return payload;
            });

    assertThatThrownBy(() -> peers[0].call("a.B", "C", ByteString.EMPTY, Duration.ofMillis(20)))
        .isInstanceOf(PeerException.Silent.class);
    assertThat(peers[0].open()).isTrue();
    never.countDown();
  }

  @Test
  void aConnectionThatEndsEndsEveryCall() throws Exception {
    CompletableFuture<Boolean> called = new CompletableFuture<>();
    CountDownLatch never = new CountDownLatch(1);
    Peer[] peers =
        peers(
            PeerTest::echo,
            (_, _, payload) -> {
              called.complete(true);
              await(never);
              return payload;
            });
    Thread.ofVirtual()
        .start(() -> {
          called.join();
          peers[1].close();
        });

    assertThatThrownBy(() -> peers[0].call("a.B", "C", ByteString.EMPTY, LONG))
        .isInstanceOf(PeerException.Gone.class);
    assertThat(peers[0].closed().get(30, TimeUnit.SECONDS)).isNotEmpty();
    never.countDown();
  }

  @Test
  void aPeerThatDoesNotReadHoldsUpNobodyForLonger() throws Exception {
    ChannelPair channels = ChannelPair.open();
    Peer near = new Peer(channels.first(), new Peer.Lanes(1, 2), PeerTest::echo);
    open.add(near);
    near.start();
    // More than a pipe holds, so that the writer stands.
    ByteString much = ByteString.copyFrom(new byte[1 << 20]);

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> near.call("a.B", "C", much, Duration.ofMillis(5)))
          .isInstanceOf(PeerException.Silent.class);
    }
  }

  @Test
  void whatIsTooLongIsNotSent() throws Exception {
    Peer[] peers = peers(PeerTest::echo, PeerTest::echo);
    ByteString much = ByteString.copyFrom(new byte[Message.MAX_LENGTH]);

    assertThatThrownBy(() -> peers[0].call("a.B", "C", much, LONG))
        .isInstanceOfSatisfying(
            PeerException.Refused.class, e -> assertThat(e.code()).isEqualTo(8));
  }

  @Test
  void aCallIsAnEvenStepAfterTheLastAndSaysHowLongItWaits() throws Exception {
    ChannelPair channels = ChannelPair.open();
    Peer near = new Peer(channels.first(), new Peer.Lanes(1, 2), PeerTest::echo);
    open.add(near);
    near.start();
    Trunk far = new Trunk(channels.second());
    List<Message> calls = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> near.call("a.B", "C", ByteString.EMPTY, Duration.ofMillis(1)))
          .isInstanceOf(PeerException.Silent.class);
      Frame frame = far.read();
      assertThat(frame.lane()).isEqualTo(1);
      calls.addAll(new MessageAssembly().add(frame.payload()));
    }

    assertThat(calls).extracting(Message::stream).containsExactly(1, 3);
    assertThat(Request.parseFrom(calls.getFirst().payload()))
        .isEqualTo(
            Request.newBuilder()
                .setService("a.B")
                .setMethod("C")
                .setTimeoutNano(1_000_000)
                .build());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
