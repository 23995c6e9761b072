package dev.hearth.runtime.stream;

import io.netty.channel.Channel;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyHeaders;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdySessionStatus;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;

/**
 * A connection in SPDY/3.1, as Kubernetes speaks it: the client opens every stream and says by
 * headers what each is for. Windows are neither kept nor given, for no client does: both sides rely
 * on that of the TCP connection.
 */
final class SpdyConnection extends ClientConnection {
  /** Streams a client may have open at once. */
  private static final int MOST_STREAMS = 1024;

  private final Predicate<SpdyStream> acceptor;
  private final ConcurrentMap<Integer, SpdyStream> streams = new ConcurrentHashMap<>();

  /** On the event loop, as below. */
  private int lastId;

  private boolean goingAway;

  /**
   * @param acceptor is asked, on the event loop, whether a new stream is wanted
   */
  SpdyConnection(Channel channel, Predicate<SpdyStream> acceptor) {
    super(channel);
    this.acceptor = acceptor;
  }

  @Override
  void received(Object message) {
    switch (message) {
      case SpdySynStreamFrame frame -> open(frame);
      case SpdyDataFrame frame -> data(frame);
      case SpdyRstStreamFrame frame -> resetByClient(frame.streamId());
      case SpdyPingFrame frame -> {
        if (frame.id() % 2 != 0) { // the client's own, not an answer
          sendNow(frame);
        }
      }
      case SpdyGoAwayFrame _ -> {
        goingAway = true;
        endIfDone();
      }
      default -> {} // settings, windows, headers that come late
    }
  }

  private void open(SpdySynStreamFrame frame) {
    int id = frame.streamId();
    if (goingAway) {
      return;
    }
    if (frame.isInvalid() || frame.isTruncated() || id <= lastId || id % 2 == 0) {
      refuse(id, SpdyStreamStatus.PROTOCOL_ERROR);
      return;
    }
    lastId = id;
    SpdyStream stream = new SpdyStream(this, id, frame.headers());
    if (streams.size() >= MOST_STREAMS) {
      refuse(id, SpdyStreamStatus.REFUSED_STREAM);
      return;
    }
    streams.put(id, stream);
    if (frame.isLast()) {
      stream.inflow().end();
    }
    // Before anything is sent on it.
    SpdySynReplyFrame reply = new DefaultSpdySynReplyFrame(id);
    // Clients take no reply without a header, for the encoder leaves an empty block out altogether.
    reply.headers().set(SpdyHeaders.HttpNames.STATUS, "200");
    sendNow(reply);
    if (!acceptor.test(stream)) {
      stream.reset();
    }
  }

  private void refuse(int id, SpdyStreamStatus status) {
    sendNow(new DefaultSpdyRstStreamFrame(id, status));
  }

  private void data(SpdyDataFrame frame) {
    SpdyStream stream = streams.get(frame.streamId());
    if (stream == null) {
      return; // reset meanwhile
    }
    stream.inflow().put(bytes(frame.content()));
    if (frame.isLast()) {
      stream.inflow().end();
      stream.clientFinished();
      finished(stream);
    }
  }

  private void resetByClient(int id) {
    SpdyStream stream = streams.remove(id);
    if (stream != null) {
      stream.refuse();
      endIfDone();
    }
  }

  /** One side has finished; when both have, the stream is no more. */
  void finished(SpdyStream stream) {
    if (stream.isOver()) {
      forget(stream);
    }
  }

  void forget(SpdyStream stream) {
    if (streams.remove(stream.id(), stream)) {
      onLoop(this::endIfDone);
    }
  }

  boolean knows(SpdyStream stream) {
    return streams.containsKey(stream.id());
  }

  /** A client that goes away waits for its streams to end, and then for us to hang up. */
  private void endIfDone() {
    if (goingAway && streams.isEmpty()) {
      end();
    }
  }

  @Override
  void endStreams() {
    streams.values().forEach(SpdyStream::refuse);
    streams.clear();
  }

  @Override
  Object farewell() {
    return new DefaultSpdyGoAwayFrame(lastId, SpdySessionStatus.OK);
  }
}
