package dev.hearth.runtime.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A connection of WebSocket messages, each of which begins with the number of its channel. Since
 * version 5, a message {@code 255, n} of the client's says that it sends no more on channel n.
 */
final class WebSocketConnection extends ClientConnection {
  /** The number of the channel on which the end of others is announced. */
  private static final int CLOSE = 255;

  private static final int NONE = -1;

  private final boolean closes;
  private final List<Numbered> streams = new ArrayList<>();

  /** On the event loop: the channel of the message under way. */
  private int current = NONE;

  /**
   * @param count of channels, numbered from 0
   * @param closes whether the client may end its channels
   */
  WebSocketConnection(Channel channel, int count, boolean closes) {
    super(channel);
    this.closes = closes;
    for (int number = 0; number < count; number++) {
      streams.add(new Numbered(number));
    }
  }

  ClientStream stream(int number) {
    return streams.get(number);
  }

  /** Sends the first bytes of a channel, waiting for nobody. */
  void announce(int number, byte[] bytes) {
    sendNow(message(number, bytes, 0, bytes.length));
  }

  private BinaryWebSocketFrame message(int number, byte[] bytes, int from, int length) {
    byte[] message = new byte[length + 1];
    message[0] = (byte) number;
    System.arraycopy(bytes, from, message, 1, length);
    return new BinaryWebSocketFrame(copy(message, 0, message.length));
  }

  @Override
  void received(Object message) {
    switch (message) {
      case BinaryWebSocketFrame frame -> {
        current = NONE;
        data(frame);
      }
      case ContinuationWebSocketFrame frame -> data(frame);
      case PingWebSocketFrame frame -> sendNow(new PongWebSocketFrame(frame.content().retain()));
      case CloseWebSocketFrame _, TextWebSocketFrame _ -> end();
      default -> {} // pongs
    }
  }

  private void data(WebSocketFrame frame) {
    ByteBuf content = frame.content();
    if (current == NONE && content.isReadable()) {
      current = content.readUnsignedByte();
    }
    if (current == CLOSE && closes && content.isReadable()) {
      int ended = content.readUnsignedByte();
      if (ended < streams.size()) {
        streams.get(ended).inflow.end();
      }
    } else if (current >= 0 && current < streams.size()) {
      streams.get(current).inflow.put(bytes(content));
    }
  }

  @Override
  void endStreams() {
    streams.forEach(stream -> stream.inflow.end());
  }

  @Override
  Object farewell() {
    return new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE);
  }

  /** One channel. That it is finished the client sees when the connection ends, and not before. */
  private final class Numbered implements ClientStream {
    private final int number;
    private final Inflow inflow = inflow();
    private volatile boolean finished;

    Numbered(int number) {
      this.number = number;
    }

    @Override
    public int read(byte[] into) throws InterruptedException {
      return inflow.read(into);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException, InterruptedException {
      if (finished) {
        throw new IOException("the channel is finished");
      }
      send(message(number, bytes, from, length));
    }

    @Override
    public void onRefusal(Runnable listener) {
      onGone(listener);
    }

    @Override
    public void finish() {
      finished = true;
    }

    @Override
    public void reset() {
      finished = true;
      inflow.discard();
    }

    @Override
    public void discardInput() {
      inflow.discard();
    }
  }
}
