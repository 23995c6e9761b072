package dev.hearth.runtime.stream;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes an HTTP connection one of WebSocket, and begins what its client asked for. */
final class WebSocketUpgrade {
  /** SPDY whose bytes travel in WebSocket messages. */
  private static final String TUNNEL = "SPDY/3.1+" + Upgrade.PORT_FORWARD;

  private static final int LARGEST_FRAME = 1 << 20;

  // Channels of exec and attach.
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;
  private static final int CHANNELS = 5;

  private static final byte[] NOTHING = {};

  private final Conversations conversations;
  private final SpdyUpgrade spdy;

  WebSocketUpgrade(Conversations conversations, SpdyUpgrade spdy) {
    this.conversations = conversations;
    this.spdy = spdy;
  }

  /** Which protocols there are for a request; a client that names none means the last. */
  static List<String> protocols(StreamRequest wanted) {
    return switch (wanted) {
      case StreamRequest.Command _ ->
          CommandProtocol.OF_WEB_SOCKET.stream().map(CommandProtocol::protocolName).toList();
      case StreamRequest.PortForward _ -> List.of(TUNNEL, CommandProtocol.V4.protocolName());
    };
  }

  /** Answers the request and replaces the handlers of HTTP. */
  void upgrade(
      ChannelHandlerContext context,
      Upgrade upgrade,
      FullHttpRequest request,
      StreamRequest wanted,
      Optional<String> agreed) {
    agreed.ifPresent(name -> request.headers().set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, name));
    var config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(LARGEST_FRAME)
            .withUTF8Validator(false)
            .build();
    ChannelPipeline pipeline = context.pipeline();
    ChannelFuture answered =
        new WebSocketServerHandshaker13("", agreed.orElse(""), config)
            .handshake(context.channel(), request);
    var _ =
        answered.addListener(done -> {
          if (!done.isSuccess()) {
            var _ = context.close();
          }
        });
    pipeline.remove(upgrade);
    speak(pipeline, wanted, agreed.orElseGet(() -> protocols(wanted).getLast()));
  }

  private void speak(ChannelPipeline pipeline, StreamRequest wanted, String protocol) {
    if (protocol.equals(TUNNEL)) {
      pipeline.addLast(new WebSocketTunnel());
      spdy.speak(pipeline, wanted, Upgrade.PORT_FORWARD);
      return;
    }
    pipeline.addLast(
        switch (wanted) {
          case StreamRequest.Command command ->
              command(pipeline, command, CommandProtocol.named(protocol));
          case StreamRequest.PortForward forward -> portForward(pipeline, forward);
        });
  }

  private WebSocketConnection command(
      ChannelPipeline pipeline, StreamRequest.Command command, CommandProtocol protocol) {
    var connection =
        new WebSocketConnection(pipeline.channel(), CHANNELS, protocol == CommandProtocol.V5);
    conversations.start(command, connection, () -> client(connection, protocol, command.stdio()));
    return connection;
  }

  private static CommandClient client(
      WebSocketConnection connection, CommandProtocol protocol, StdioRequest stdio)
      throws InterruptedException {
    CommandClient client =
        new CommandClient(
            connection,
            protocol,
            stream(connection, STDIN, stdio.stdin()),
            stream(connection, STDOUT, stdio.stdout()),
            stream(connection, STDERR, stdio.stderr()),
            stream(connection, RESIZE, stdio.terminal()),
            connection.stream(ERROR));
    try {
      // Clients may wait for this: an empty message where output will come.
      client.stdout().or(client::stderr).orElse(client.error()).write(NOTHING, 0, 0);
    } catch (IOException e) {
      // It is gone already, and the conversation will see that too.
    }
    return client;
  }

  private static Optional<ClientStream> stream(
      WebSocketConnection connection, int number, boolean wanted) {
    if (!wanted) {
      connection.stream(number).discardInput();
      return Optional.empty();
    }
    return Optional.of(connection.stream(number));
  }

  /**
   * Each port has a channel of data and one of errors, both of which begin with the number of the
   * port in two bytes, the low one first. The connection is over when all are.
   */
  private WebSocketConnection portForward(
      ChannelPipeline pipeline, StreamRequest.PortForward forward) {
    List<Integer> ports = forward.ports();
    var connection = new WebSocketConnection(pipeline.channel(), 2 * ports.size(), false);
    AtomicInteger left = new AtomicInteger(ports.size());
    for (int i = 0; i < ports.size(); i++) {
      var forwarded =
          new Conversations.Forwarded(
              ports.get(i), connection.stream(2 * i), connection.stream(2 * i + 1));
      byte[] port = {(byte) forwarded.port(), (byte) (forwarded.port() >> 8)};
      connection.announce(2 * i, port);
      connection.announce(2 * i + 1, port);
      conversations.start(
          forward,
          forwarded,
          () -> {
            if (left.decrementAndGet() == 0) {
              connection.end();
            }
          });
    }
    if (ports.isEmpty()) {
      connection.end();
    }
    return connection;
  }
}
