package dev.hearth.runtime.stream;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Answers the one HTTP request of a connection: redeems its token, agrees on a protocol, and makes
 * way for that.
 */
final class Upgrade extends SimpleChannelInboundHandler<FullHttpRequest> {
  static final String PORT_FORWARD = "portforward.k8s.io";

  /** Where a client of SPDY says which protocols it speaks, and is told which is spoken. */
  static final String SPDY_PROTOCOL = "X-Stream-Protocol-Version";

  private static final String SPDY_ACCEPTED = "X-Accepted-Stream-Protocol-Versions";

  private final StreamTokens tokens;
  private final SpdyUpgrade spdy;
  private final WebSocketUpgrade webSocket;
  private final Duration idle;

  /**
   * @param idle after which a connection without any traffic is closed
   */
  Upgrade(StreamTokens tokens, Conversations conversations, Duration idle) {
    this.tokens = tokens;
    this.spdy = new SpdyUpgrade(conversations);
    this.webSocket = new WebSocketUpgrade(conversations, spdy);
    this.idle = idle;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    String upgrade = request.headers().get(HttpHeaderNames.UPGRADE, "").toLowerCase(Locale.ROOT);
    boolean toWebSocket = upgrade.contains("websocket");
    if (request.decoderResult().isFailure()
        || !request.headers().containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)
        || !(toWebSocket || upgrade.contains("spdy/3.1"))) {
      refuse(context, HttpResponseStatus.BAD_REQUEST, "upgrade to SPDY/3.1 or websocket");
      return;
    }
    Optional<StreamRequest> wanted = redeem(request.uri());
    if (wanted.isEmpty()) {
      refuse(
          context,
          HttpResponseStatus.NOT_FOUND,
          "no such stream: its address works once, and for a minute");
    } else if (toWebSocket) {
      toWebSocket(context, request, wanted.get());
    } else {
      toSpdy(context, request, wanted.get());
    }
  }

  /** The path must name what the token stands for; the token is gone in any case. */
  private Optional<StreamRequest> redeem(String uri) {
    String path = uri.replaceFirst("[?#].*", "");
    String[] parts = path.split("/", -1);
    return parts.length == 3 && parts[0].isEmpty()
        ? tokens.redeem(parts[2]).filter(request -> request.pathName().equals(parts[1]))
        : Optional.empty();
  }

  private void toSpdy(
      ChannelHandlerContext context, FullHttpRequest request, StreamRequest wanted) {
    List<String> offered = values(request, SPDY_PROTOCOL);
    List<String> spoken = SpdyUpgrade.protocols(wanted);
    Optional<String> agreed = agree(offered, spoken);
    if (agreed.isEmpty() && !offered.isEmpty()) {
      refuse(context, offered, spoken);
      return;
    }
    becomeStream(context);
    spdy.upgrade(context, this, wanted, agreed);
  }

  private void toWebSocket(
      ChannelHandlerContext context, FullHttpRequest request, StreamRequest wanted) {
    List<String> offered = values(request, HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
    List<String> spoken = WebSocketUpgrade.protocols(wanted);
    Optional<String> agreed = agree(offered, spoken);
    if (agreed.isEmpty() && !offered.isEmpty()) {
      refuse(context, offered, spoken);
      return;
    }
    becomeStream(context);
    webSocket.upgrade(context, this, request, wanted, agreed);
  }

  private static Optional<String> agree(List<String> offered, List<String> spoken) {
    return offered.stream().filter(spoken::contains).findFirst();
  }

  /** In the client's order of preference, in one header or several. */
  private static List<String> values(FullHttpRequest request, CharSequence header) {
    return request.headers().getAll(header).stream()
        .flatMap(value -> Arrays.stream(value.split(",", -1)))
        .map(String::strip)
        .filter(value -> !value.isEmpty())
        .toList();
  }

  private void becomeStream(ChannelHandlerContext context) {
    context.pipeline().remove(ReadTimeoutHandler.class);
    context.pipeline().addFirst(new IdleStateHandler(0, 0, idle.toMillis(), TimeUnit.MILLISECONDS));
  }

  private static void refuse(
      ChannelHandlerContext context, List<String> offered, List<String> spoken) {
    FullHttpResponse response =
        response(
            HttpResponseStatus.FORBIDDEN,
            "none of these protocols is spoken here: " + String.join(", ", offered));
    response.headers().set(SPDY_ACCEPTED, spoken);
    send(context, response);
  }

  private static void refuse(
      ChannelHandlerContext context, HttpResponseStatus status, String text) {
    send(context, response(status, text));
  }

  private static FullHttpResponse response(HttpResponseStatus status, String text) {
    var body = Unpooled.copiedBuffer(text + "\n", StandardCharsets.UTF_8);
    FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    return response;
  }

  private static void send(ChannelHandlerContext context, FullHttpResponse response) {
    var _ = context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    var _ = context.close(); // a client that is too slow, or speaks no HTTP
  }
}
