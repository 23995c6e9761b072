package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.IDMapping;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.PortForwardRequest;
import dev.hearth.proto.cri.v1.UserNamespace;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.testing.Pods;
import dev.hearth.testing.SpdyClient;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import dev.hearth.testing.WebSocketClient;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Port-forward, frame by frame. */
@NeedsRoot
class PortForwardE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final String PROTOCOL = "portforward.k8s.io";
  private static final int LARGE = 100 << 20;
  private static final int MANY = 100;

  private static SpdyClient connect(TestPod pod) throws IOException {
    return SpdyClient.connect(url(pod), PROTOCOL);
  }

  private static String url(TestPod pod) {
    return BED.cri()
        .runtime()
        .portForward(PortForwardRequest.newBuilder().setPodSandboxId(pod.id()).build())
        .getUrl();
  }

  /** A connection: its streams of errors and of data. */
  private record Pair(int error, int data) {
    static Pair open(SpdyClient client, int port, int request) throws IOException {
      Map<String, String> common = Map.of("port", "" + port, "requestid", "" + request);
      return new Pair(stream(client, "error", common), stream(client, "data", common));
    }

    private static int stream(SpdyClient client, String type, Map<String, String> common)
        throws IOException {
      var headers = new HashMap<>(common);
      headers.put("streamtype", type);
      return client.open(headers);
    }
  }

  /** Sends back what it gets, to the end of it; listens until it is closed. */
  private static final class Echo implements AutoCloseable {
    private final ServerSocketChannel listener;

    private Echo(ServerSocketChannel listener) {
      this.listener = listener;
      Thread.ofVirtual().start(this::serve);
    }

    static Echo in(TestPod pod, StandardProtocolFamily family, String host) throws Exception {
      var layout = new Layout(BED.home().root(), BED.home().state());
      InetAddress address = InetAddress.ofLiteral(host);
      ServerSocketChannel.open(family).close();
      try (Fd namespace =
          Namespaces.open(SandboxParts.pin(layout.pod(new PodId(pod.id())), Namespace.NETWORK))) {
        ServerSocketChannel listener =
            Namespaces.inside(
                Map.of(Namespace.NETWORK, namespace), () -> ServerSocketChannel.open(family));
        return new Echo(listener.bind(new InetSocketAddress(address, 0)));
      }
    }

    static Echo onTheHost() throws IOException {
      return new Echo(
          ServerSocketChannel.open(StandardProtocolFamily.INET)
              .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0)));
    }

    int port() throws IOException {
      return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    private void serve() {
      try {
        while (true) {
          SocketChannel socket = listener.accept();
          Thread.ofVirtual().start(() -> echo(socket));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private static void echo(SocketChannel socket) {
      ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
      try (socket) {
        while (socket.read(buffer) >= 0) {
          buffer.flip();
          while (buffer.hasRemaining()) {
            socket.write(buffer);
          }
          buffer.clear();
        }
      } catch (IOException e) {
        // The other side went away.
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  private static void assertEchoes(TestPod pod, Echo echo) throws IOException {
    try (SpdyClient client = connect(pod)) {
      Pair pair = Pair.open(client, echo.port(), 0);
      client.send(pair.data(), "ping");
      client.textWith(pair.data(), "ping");
      client.finish(pair.data());
      assertThat(client.text(pair.data())).isEqualTo("ping");
      assertThat(client.text(pair.error())).isEmpty();
    }
  }

  @Test
  void whatListensOnThePodsLocalhostIsReachedByEitherFamily() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward", BED.home().logs()))) {
      try (Echo echo = Echo.in(pod, StandardProtocolFamily.INET, "127.0.0.1")) {
        assertEchoes(pod, echo);
      }
      try (Echo echo = Echo.in(pod, StandardProtocolFamily.INET6, "::1")) {
        assertEchoes(pod, echo);
      }
    }
  }

  /** Each address of the pod's own localhost, with a pod that has a user namespace and without. */
  private static void inPods(String name, PodUse use) throws Exception {
    IDMapping ids = IDMapping.newBuilder().setHostId(231_072).setLength(65_536).build();
    UserNamespace users =
        UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(ids).addGids(ids).build();
    try (TestPod plain = TestPod.of(BED, name, _ -> {});
        TestPod mapped =
            TestPod.of(
                BED,
                name + "-users",
                linux ->
                    linux
                        .getSecurityContextBuilder()
                        .getNamespaceOptionsBuilder()
                        .setUsernsOptions(users))) {
      for (TestPod pod : List.of(plain, mapped)) {
        try (Echo echo = Echo.in(pod, StandardProtocolFamily.INET, "127.0.0.1")) {
          use.by(pod, echo);
        }
        try (Echo echo = Echo.in(pod, StandardProtocolFamily.INET6, "::1")) {
          use.by(pod, echo);
        }
      }
    }
  }

  @FunctionalInterface
  private interface PodUse {
    void by(TestPod pod, Echo echo) throws Exception;
  }

  @Test
  void podsWithAUserNamespaceAreReachedByEitherFamilyToo() throws Exception {
    inPods("forward-spdy", PortForwardE2E::assertEchoes);
  }

  @Test
  void aWebSocketCarriesSpdyThatForwards() throws Exception {
    inPods(
        "forward-tunnel",
        (pod, echo) -> {
          try (SpdyClient client = SpdyClient.connectByWebSocket(url(pod), PROTOCOL)) {
            assertThat(client.head())
                .startsWith("HTTP/1.1 101")
                .containsIgnoringCase("sec-websocket-protocol: SPDY/3.1+" + PROTOCOL);
            Pair pair = Pair.open(client, echo.port(), 0);
            client.send(pair.data(), "ping");
            client.textWith(pair.data(), "ping");
            client.finish(pair.data());
            assertThat(client.text(pair.data())).isEqualTo("ping");
            assertThat(client.text(pair.error())).isEmpty();
          }
        });
  }

  @Test
  void aWebSocketOfVersionFourHasTwoChannelsForEachPort() throws Exception {
    inPods(
        "forward-channels",
        (pod, echo) -> {
          String url =
              BED.cri()
                  .runtime()
                  .portForward(
                      PortForwardRequest.newBuilder()
                          .setPodSandboxId(pod.id())
                          .addPort(echo.port())
                          .addPort(1)
                          .build())
                  .getUrl();
          try (WebSocketClient client = WebSocketClient.connect(url, "v4.channel.k8s.io")) {
            client.awaitText(3, "refused");
            client.send(0, "ping".getBytes(StandardCharsets.UTF_8));
            client.awaitText(0, "ping");
            // All channels begin with their port, the low byte first.
            assertThat(client.bytes(0))
                .startsWith((byte) echo.port(), (byte) (echo.port() >> 8))
                .hasSize(2 + 4);
            assertThat(client.bytes(1)).hasSize(2);
            assertThat(client.bytes(2)).containsExactly(1, 0);
          }
        });
  }

  @Test
  void aPodOnTheHostsNetworkForwardsToTheHost() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.hostNetworkPod("host-forward", BED.home().logs()));
        Echo echo = Echo.onTheHost()) {
      assertEchoes(pod, echo);
    }
  }

  @Test
  void manyConnectionsShareOneClient() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward-many", BED.home().logs()));
        Echo echo = Echo.in(pod, StandardProtocolFamily.INET, "127.0.0.1");
        SpdyClient client = connect(pod)) {
      List<Pair> pairs = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        Pair pair = Pair.open(client, echo.port(), i);
        client.send(pair.data(), "connection " + i);
        pairs.add(pair);
      }
      for (int i = 0; i < MANY; i++) {
        client.finish(pairs.get(i).data());
        assertThat(client.text(pairs.get(i).data())).isEqualTo("connection " + i);
      }
    }
  }

  @Test
  void muchGoesBothWaysAtOnce() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward-much", BED.home().logs()));
        Echo echo = Echo.in(pod, StandardProtocolFamily.INET, "127.0.0.1");
        SpdyClient client = connect(pod)) {
      Pair pair = Pair.open(client, echo.port(), 7);
      client.countOnly(pair.data());
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                byte[] block = new byte[1 << 20];
                try {
                  for (int sent = 0; sent < LARGE; sent += block.length) {
                    client.send(pair.data(), block);
                  }
                  client.finish(pair.data());
                } catch (IOException e) {
                  // The count will tell.
                }
              });
      assertThat(client.count(pair.data())).isEqualTo(LARGE);
      sender.join();
      assertThat(client.text(pair.error())).isEmpty();
    }
  }

  @Test
  void aPortThatNobodyListensAtIsToldOnTheErrorStreamAndOthersGoOn() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward-none", BED.home().logs()));
        Echo echo = Echo.in(pod, StandardProtocolFamily.INET, "127.0.0.1");
        SpdyClient client = connect(pod)) {
      Pair refused = Pair.open(client, 1, 0);
      assertThat(client.text(refused.error())).contains("port 1", "refused");
      client.text(refused.data());
      assertThat(client.wasReset(refused.data())).isTrue();
      Pair pair = Pair.open(client, echo.port(), 1);
      client.send(pair.data(), "still here");
      client.textWith(pair.data(), "still here");
    }
  }

  @Test
  void aStreamThatSaysNotWhatItIsForIsRefused() throws Exception {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward-odd", BED.home().logs()));
        SpdyClient client = connect(pod)) {
      assertRefused(client, Map.of("streamtype", "data"));
      assertRefused(client, Map.of("streamtype", "x", "port", "80"));
      assertRefused(client, Map.of("streamtype", "data", "port", "70000"));
    }
  }

  private static void assertRefused(SpdyClient client, Map<String, String> headers)
      throws IOException {
    int stream = client.open(headers);
    assertThat(client.text(stream)).isEmpty();
    assertThat(client.wasReset(stream)).isTrue();
  }

  @Test
  void aPodThatIsNotReadyForwardsNothing() {
    try (TestPod pod = new TestPod(BED, Pods.pod("forward-stopped", BED.home().logs()))) {
      BED.cri().stopPod(pod.id());
      assertThat(TestPod.refusal(() -> url(pod)).getCode())
          .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }
  }
}
