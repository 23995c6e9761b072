package dev.hearth.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A client of exec, attach and port-forward in SPDY/3.1, which reads from its socket only when it
 * is told to. One thread may read while another sends.
 */
public final class SpdyClient implements AutoCloseable {
  private static final int LIMIT_MILLIS = 60_000;
  private static final int CHUNK = 32 << 10;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final String head;

  /** Used under its own lock, as it serves both directions. */
  private final EmbeddedChannel codec =
      new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));

  private final Map<Integer, ByteArrayOutputStream> received = new HashMap<>();
  private final Map<Integer, Long> counts = new HashMap<>();
  private final Set<Integer> replied = new HashSet<>();
  private final Set<Integer> ended = new HashSet<>();
  private final Set<Integer> reset = new HashSet<>();
  private final Set<Integer> pings = new HashSet<>();
  private boolean goneAway;
  private boolean over;
  private int nextStream = 1;

  private SpdyClient(Socket socket, InputStream in, OutputStream out, String head) {
    this.socket = socket;
    this.in = in;
    this.out = out;
    this.head = head;
  }

  /** Connects to an address that the runtime gave, and asks for one of these protocols. */
  public static SpdyClient connect(String url, String... protocols) throws IOException {
    URI uri = URI.create(url);
    Socket socket = socket(uri);
    StringBuilder request =
        new StringBuilder("POST " + uri.getPath() + " HTTP/1.1\r\nHost: " + uri.getAuthority())
            .append("\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n");
    for (String protocol : protocols) {
      request.append("X-Stream-Protocol-Version: ").append(protocol).append("\r\n");
    }
    socket.getOutputStream().write(request.append("\r\n").toString().getBytes(US_ASCII));
    String head = head(socket.getInputStream());
    return new SpdyClient(socket, socket.getInputStream(), socket.getOutputStream(), head);
  }

  /** Connects by WebSocket, in whose messages SPDY travels, and asks for this protocol in it. */
  public static SpdyClient connectByWebSocket(String url, String protocol) throws IOException {
    URI uri = URI.create(url);
    Socket socket = socket(uri);
    socket
        .getOutputStream()
        .write(WebSocketPipe.request(uri, "SPDY/3.1+" + protocol).getBytes(US_ASCII));
    String head = head(socket.getInputStream());
    return new SpdyClient(socket, WebSocketPipe.input(socket), WebSocketPipe.output(socket), head);
  }

  private static Socket socket(URI uri) throws IOException {
    Socket socket = new Socket(uri.getHost().replaceAll("[\\[\\]]", ""), uri.getPort());
    socket.setSoTimeout(LIMIT_MILLIS);
    return socket;
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /** The server's answer: its status line and headers. */
  public String head() {
    return head;
  }

  /** Opens a stream and waits until the server has taken it. */
  public int open(Map<String, String> headers) throws IOException {
    int id = nextStream;
    nextStream += 2;
    var frame = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
    headers.forEach((name, value) -> frame.headers().set(name, value));
    received.put(id, new ByteArrayOutputStream());
    counts.put(id, 0L);
    send(frame);
    while (!replied.contains(id) && !reset.contains(id) && receive()) {}
    return id;
  }

  /** Opens a stream of exec or attach. */
  public int open(String type) throws IOException {
    return open(Map.of("streamtype", type));
  }

  public void send(int stream, byte[] bytes) throws IOException {
    for (int from = 0; from < bytes.length; from += CHUNK) {
      int length = Math.min(CHUNK, bytes.length - from);
      send(new DefaultSpdyDataFrame(stream, Unpooled.wrappedBuffer(bytes, from, length)));
    }
  }

  public void send(int stream, String text) throws IOException {
    send(stream, text.getBytes(UTF_8));
  }

  /** Ends what the server reads from a stream. */
  public void finish(int stream) throws IOException {
    send(new DefaultSpdyDataFrame(stream).setLast(true));
  }

  public void reset(int stream) throws IOException {
    send(new DefaultSpdyRstStreamFrame(stream, SpdyStreamStatus.CANCEL));
  }

  /** Whether the server answers. */
  public boolean ping(int id) throws IOException {
    send(new DefaultSpdyPingFrame(id));
    while (!pings.contains(id) && receive()) {}
    return pings.contains(id);
  }

  private void send(Object frame) throws IOException {
    List<ByteBuf> parts = new ArrayList<>();
    synchronized (codec) {
      codec.writeOutbound(frame);
      for (ByteBuf part = codec.readOutbound(); part != null; part = codec.readOutbound()) {
        parts.add(part);
      }
    }
    for (ByteBuf part : parts) {
      part.readBytes(out, part.readableBytes());
      part.release();
    }
  }

  /** Takes what the server sends next; false when it has hung up. */
  private boolean receive() throws IOException {
    if (over) {
      return false;
    }
    byte[] bytes = new byte[CHUNK];
    int count = in.read(bytes);
    if (count < 0) {
      over = true;
      return false;
    }
    List<Object> frames = new ArrayList<>();
    synchronized (codec) {
      codec.writeInbound(Unpooled.wrappedBuffer(bytes, 0, count));
      for (Object frame = codec.readInbound(); frame != null; frame = codec.readInbound()) {
        frames.add(frame);
      }
    }
    for (Object frame : frames) {
      take(frame);
      ReferenceCountUtil.release(frame);
    }
    return true;
  }

  private void take(Object frame) throws IOException {
    switch (frame) {
      case SpdySynReplyFrame reply -> replied.add(reply.streamId());
      case SpdyDataFrame data -> {
        counts.merge(data.streamId(), (long) data.content().readableBytes(), Long::sum);
        ByteArrayOutputStream kept = received.get(data.streamId());
        if (kept != null) {
          data.content().readBytes(kept, data.content().readableBytes());
        }
        if (data.isLast()) {
          ended.add(data.streamId());
        }
      }
      case SpdyRstStreamFrame gone -> {
        reset.add(gone.streamId());
        ended.add(gone.streamId());
      }
      case SpdyPingFrame pong -> pings.add(pong.id());
      case SpdyGoAwayFrame _ -> goneAway = true;
      default -> {}
    }
  }

  /** From now on what comes on a stream is counted, and not kept. */
  public void countOnly(int stream) {
    received.remove(stream);
  }

  /** Bytes that have come on a stream, read up to its end. */
  public long count(int stream) throws IOException {
    while (!ended.contains(stream) && receive()) {}
    return counts.getOrDefault(stream, 0L);
  }

  /** What has come on a stream, read up to its end. */
  public String text(int stream) throws IOException {
    while (!ended.contains(stream) && receive()) {}
    return soFar(stream);
  }

  /** What has come on a stream, read until it contains this. */
  public String textWith(int stream, String wanted) throws IOException {
    while (!soFar(stream).contains(wanted)) {
      try {
        if (!receive()) {
          throw new AssertionError("the server hung up after: " + soFar(stream));
        }
      } catch (SocketTimeoutException e) {
        throw new AssertionError("no \"" + wanted + "\" in: " + soFar(stream), e);
      }
    }
    return soFar(stream);
  }

  private String soFar(int stream) {
    ByteArrayOutputStream kept = received.get(stream);
    return kept == null ? "" : kept.toString(UTF_8);
  }

  public boolean wasReset(int stream) {
    return reset.contains(stream);
  }

  /** Reads until the server hangs up; whether it said goodbye before. */
  public boolean saidGoodbye() throws IOException {
    while (receive()) {}
    return goneAway;
  }

  /** Hangs up without a word. */
  @Override
  public void close() throws IOException {
    socket.close();
    codec.finishAndReleaseAll();
  }
}
