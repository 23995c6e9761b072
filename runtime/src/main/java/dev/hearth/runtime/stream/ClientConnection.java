package dev.hearth.runtime.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client's connection after its upgrade: several streams over one socket. What arrives is handled
 * on the connection's event loop, which never waits; sessions read and write from threads of their
 * own.
 *
 * <p>Memory is bounded both ways. A client that sends faster than its streams are read is not read
 * until they are; a session that writes faster than its client reads waits. The protocols have no
 * flow control that clients would use for each stream, so one stream that is not read stops the
 * others of its connection.
 */
abstract class ClientConnection extends ChannelInboundHandlerAdapter {
  private static final System.Logger LOG = System.getLogger("dev.hearth.stream");

  /** When its streams hold more bytes than this, the client is not read; */
  private static final int FULL = 512 << 10;

  /** when fewer than this, again. */
  private static final int ROOM = 128 << 10;

  /** How long a client may take to read the rest and hang up. */
  private static final int LINGER_SECONDS = 10;

  private final Channel channel;
  private final AtomicLong held = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition writable = lock.newCondition();

  /** Under the lock: whom to tell that the client is gone. */
  private final List<Runnable> listeners = new ArrayList<>();

  /** Under the lock. */
  private boolean gone;

  /** On the event loop: nothing that arrives is looked at any more. */
  private boolean ending;

  ClientConnection(Channel channel) {
    this.channel = channel;
  }

  /** Handles what the codecs before this have made of the client's bytes; must not keep it. */
  abstract void received(Object message);

  /** On the event loop: every stream ends, for the client is gone. */
  abstract void endStreams();

  /** The last message to the client. */
  abstract Object farewell();

  /** Tells once that the client is gone; at once if it is already. */
  final void onGone(Runnable listener) {
    lock.lock();
    try {
      if (!gone) {
        listeners.add(listener);
        return;
      }
    } finally {
      lock.unlock();
    }
    listener.run();
  }

  /** Sends a message, waiting while too many wait before it. */
  final void send(Object message) throws IOException, InterruptedException {
    try {
      lock.lockInterruptibly();
      try {
        while (!gone && !channel.isWritable()) {
          writable.await();
        }
        if (gone) {
          throw new IOException("the client is gone");
        }
      } finally {
        lock.unlock();
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      ReferenceCountUtil.release(message);
      throw e;
    }
    var _ = channel.writeAndFlush(message);
  }

  /** Sends a message that nobody should wait for. */
  final void sendNow(Object message) {
    var _ = channel.writeAndFlush(message);
  }

  final void onLoop(Runnable task) {
    channel.eventLoop().execute(task);
  }

  final ByteBuf copy(byte[] bytes, int from, int length) {
    return channel.alloc().buffer(length).writeBytes(bytes, from, length);
  }

  static byte[] bytes(ByteBuf from) {
    byte[] bytes = new byte[from.readableBytes()];
    from.readBytes(bytes);
    return bytes;
  }

  /** An inflow that counts as this connection's. */
  final Inflow inflow() {
    return new Inflow(this::held);
  }

  private void held(int more) {
    long now = held.addAndGet(more);
    boolean crossed = more > 0 ? now > FULL : now < ROOM;
    if (crossed) {
      channel.eventLoop().execute(this::readOrNot);
    }
  }

  /** On the event loop: by what is held now, which may have changed since this was asked for. */
  private void readOrNot() {
    long now = held.get();
    if (now > FULL && !ending) {
      channel.config().setAutoRead(false);
    } else if (now < ROOM) {
      channel.config().setAutoRead(true);
    }
  }

  /**
   * Ends the connection when all that was sent is out. The client hangs up first: if this side did
   * while bytes of the client's were unread, the kernel would take back what it has not yet read.
   */
  final void end() {
    channel.eventLoop().execute(this::linger);
  }

  private void linger() {
    if (ending || !channel.isActive()) {
      return;
    }
    ending = true;
    channel.config().setAutoRead(true);
    var _ =
        channel.writeAndFlush(farewell()).addListener((ChannelFuture sent) -> shutDownOutput(sent));
    Future<?> patience =
        channel.eventLoop().schedule(this::hangUp, LINGER_SECONDS, TimeUnit.SECONDS);
    // The timer would keep all of this connection in memory until it runs.
    var _ = channel.closeFuture().addListener(_ -> patience.cancel(false));
  }

  private void hangUp() {
    var _ = channel.close();
  }

  private void shutDownOutput(ChannelFuture sent) {
    if (sent.isSuccess() && channel instanceof DuplexChannel socket) {
      var _ = socket.shutdownOutput().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    } else {
      hangUp();
    }
  }

  @Override
  public final void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (!ending) {
        received(message);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public final void channelWritabilityChanged(ChannelHandlerContext context) {
    lock.lock();
    try {
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void channelInactive(ChannelHandlerContext context) {
    List<Runnable> told;
    lock.lock();
    try {
      gone = true;
      writable.signalAll();
      told = List.copyOf(listeners);
      listeners.clear();
    } finally {
      lock.unlock();
    }
    endStreams();
    told.forEach(Runnable::run);
  }

  @Override
  public final void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent) {
      LOG.log(System.Logger.Level.DEBUG, "a stream was closed, for nothing came or went on it");
      var _ = context.close();
    }
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.log(System.Logger.Level.DEBUG, "a client was dropped: {0}", cause.toString());
    var _ = context.close();
  }
}
