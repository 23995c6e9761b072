package dev.hearth.runtime.stream;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Makes an HTTP connection one of SPDY/3.1, and begins what its client asked for. */
final class SpdyUpgrade {
  private static final int CHUNK = 32 << 10;
  private static final int LARGEST_HEADERS = 16 << 10;
  private static final int COMPRESSION = 6;
  private static final int WINDOW_BITS = 15;
  private static final int MEMORY = 8;

  private final Conversations conversations;

  SpdyUpgrade(Conversations conversations) {
    this.conversations = conversations;
  }

  /** Which protocols there are for a request; a client that names none means the last. */
  static List<String> protocols(StreamRequest wanted) {
    return switch (wanted) {
      case StreamRequest.Command _ ->
          CommandProtocol.OF_SPDY.stream().map(CommandProtocol::protocolName).toList();
      case StreamRequest.PortForward _ -> List.of(Upgrade.PORT_FORWARD);
    };
  }

  /** Answers the request and replaces the handlers of HTTP. */
  void upgrade(
      ChannelHandlerContext context,
      Upgrade upgrade,
      StreamRequest wanted,
      Optional<String> agreed) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
    response
        .headers()
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE)
        .set(HttpHeaderNames.UPGRADE, "SPDY/3.1");
    agreed.ifPresent(protocol -> response.headers().set(Upgrade.SPDY_PROTOCOL, protocol));
    var _ = context.writeAndFlush(response);
    ChannelPipeline pipeline = context.pipeline();
    pipeline.remove(HttpObjectAggregator.class);
    speak(pipeline, wanted, agreed.orElseGet(() -> protocols(wanted).getLast()));
    pipeline.remove(HttpServerCodec.class); // hands on what it has read already
    pipeline.remove(upgrade);
  }

  /** Speaks SPDY over what the pipeline is so far. */
  void speak(ChannelPipeline pipeline, StreamRequest wanted, String protocol) {
    pipeline.addLast(
        new SpdyFrameCodec(
            SpdyVersion.SPDY_3_1, CHUNK, LARGEST_HEADERS, COMPRESSION, WINDOW_BITS, MEMORY));
    pipeline.addLast(
        switch (wanted) {
          case StreamRequest.Command command ->
              command(pipeline, command, CommandProtocol.named(protocol));
          case StreamRequest.PortForward forward -> portForward(pipeline, forward);
        });
  }

  private SpdyConnection command(
      ChannelPipeline pipeline, StreamRequest.Command command, CommandProtocol protocol) {
    var streams = new SpdyCommandStreams(command.stdio(), protocol);
    var connection = new SpdyConnection(pipeline.channel(), streams::accept);
    conversations.start(command, connection, () -> streams.await(connection, protocol));
    return connection;
  }

  private SpdyConnection portForward(ChannelPipeline pipeline, StreamRequest.PortForward forward) {
    EventLoop loop = pipeline.channel().eventLoop();
    var pairs =
        new PortForwardPairs(
            new PortForwardPairs.PairConsumer() {
              @Override
              public void take(Conversations.Forwarded pair) {
                conversations.start(forward, pair, () -> {});
              }

              @Override
              public void later(Duration delay, Runnable task) {
                var _ = loop.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
              }
            });
    return new SpdyConnection(pipeline.channel(), pairs::accept);
  }
}
