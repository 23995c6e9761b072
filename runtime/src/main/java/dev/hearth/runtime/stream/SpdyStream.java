package dev.hearth.runtime.stream;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyHeaders;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A stream that a client has opened on a SPDY connection. */
final class SpdyStream implements ClientStream {
  private final SpdyConnection connection;
  private final int id;
  private final SpdyHeaders headers;
  private final Inflow inflow;

  /** This side sends no more. */
  private final AtomicBoolean finished = new AtomicBoolean();

  /** The client sends no more. */
  private volatile boolean clientFinished;

  /** Guarded by this. */
  private Runnable listener = () -> {};

  /** The client wants no more. Written under this. */
  private volatile boolean refused;

  SpdyStream(SpdyConnection connection, int id, SpdyHeaders headers) {
    this.connection = connection;
    this.id = id;
    this.headers = headers;
    this.inflow = connection.inflow();
  }

  int id() {
    return id;
  }

  /** The value of a header, its name in lower case; empty if there is none. */
  String header(String name) {
    String value = headers.getAsString(name);
    return value == null ? "" : value;
  }

  Inflow inflow() {
    return inflow;
  }

  /** On the event loop. */
  void clientFinished() {
    clientFinished = true;
  }

  boolean isOver() {
    return finished.get() && clientFinished;
  }

  /** On the event loop: the client has reset the stream, or is gone. */
  void refuse() {
    Runnable told;
    synchronized (this) {
      refused = true;
      told = listener;
    }
    finished.set(true);
    inflow.end();
    told.run();
  }

  @Override
  public void onRefusal(Runnable toTell) {
    synchronized (this) {
      if (!refused) {
        listener = toTell;
        return;
      }
    }
    toTell.run();
  }

  @Override
  public int read(byte[] into) throws InterruptedException {
    return inflow.read(into);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException, InterruptedException {
    if (refused) {
      throw new IOException("the client has reset the stream");
    }
    if (finished.get()) {
      throw new IOException("the stream is finished");
    }
    connection.send(new DefaultSpdyDataFrame(id, connection.copy(bytes, from, length)));
  }

  @Override
  public void finish() {
    if (finished.compareAndSet(false, true)) {
      connection.sendNow(new DefaultSpdyDataFrame(id, Unpooled.EMPTY_BUFFER).setLast(true));
      connection.finished(this);
    }
  }

  @Override
  public void reset() {
    boolean open = !finished.getAndSet(true) || connection.knows(this);
    inflow.discard();
    if (open && !refused) {
      connection.sendNow(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.CANCEL));
    }
    connection.forget(this);
  }

  @Override
  public void discardInput() {
    inflow.discard();
  }
}
