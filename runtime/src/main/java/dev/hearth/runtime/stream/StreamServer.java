package dev.hearth.runtime.stream;

import dev.hearth.linux.Poller;
import dev.hearth.runtime.container.AttachContainer;
import dev.hearth.runtime.container.BeginExec;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.PodSockets;
import dev.hearth.runtime.pod.Pods;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP server to which the kubelet, or crictl, sends the clients of exec, attach and
 * port-forward. Whoever reaches it needs a token, and tokens are given out over the daemon's own
 * socket alone.
 */
public final class StreamServer implements AutoCloseable {
  /** After this long without any traffic, a stream is closed; as the peers have it. */
  private static final Duration IDLE = Duration.ofHours(4);

  /** Connections at once; each may hold some hundred kilobytes. */
  private static final int MOST_CONNECTIONS = 1024;

  private static final int REQUEST_SECONDS = 10;
  private static final int LARGEST_BODY = 4096;
  private static final WriteBufferWaterMark OUTGOING =
      new WriteBufferWaterMark(64 << 10, 256 << 10);

  private final StreamTokens tokens;
  private final Conversations conversations;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("stream", true), EpollIoHandler.newFactory());
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final Channel listener;

  /** What conversations are held with. */
  public record Parts(
      Containers containers,
      Pods pods,
      BeginExec exec,
      AttachContainer attach,
      PodSockets sockets,
      Poller poller) {}

  /**
   * Serves at once.
   *
   * @param address of the loopback device; port 0 takes any that is free
   */
  public StreamServer(InetSocketAddress address, Parts parts, InstantSource clock) {
    this.tokens = new StreamTokens(clock);
    this.conversations =
        new Conversations(
            parts.containers(),
            parts.pods(),
            new ExecConversation(parts.exec(), parts.poller()),
            new AttachConversation(parts.attach(), parts.poller()),
            parts.sockets());
    this.listener = listen(address);
  }

  private Channel listen(InetSocketAddress address) {
    var bound =
        new ServerBootstrap()
            .group(loops)
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, OUTGOING)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      close(loops);
      throw new HearthException.HostFailure(
          "cannot serve streams on " + address + ": " + bound.cause().getMessage(), bound.cause());
    }
    return bound.channel();
  }

  private void accept(Channel channel) {
    if (connections.size() >= MOST_CONNECTIONS) {
      var _ = channel.close();
      return;
    }
    connections.add(channel);
    channel
        .pipeline()
        .addLast(new ReadTimeoutHandler(REQUEST_SECONDS))
        .addLast(new HttpServerCodec())
        .addLast(new HttpObjectAggregator(LARGEST_BODY))
        .addLast(new Upgrade(tokens, conversations, IDLE));
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  /** Where a client gets what it asked for, once, within a minute. */
  String url(StreamRequest request) {
    InetSocketAddress at = address();
    InetAddress host = at.getAddress();
    String text = host.getHostAddress();
    return "http://%s:%d/%s/%s"
        .formatted(
            text.contains(":") ? "[" + text + "]" : text,
            at.getPort(),
            request.pathName(),
            tokens.issue(request));
  }

  /** Takes no more clients and drops those there are; commands of theirs are killed. */
  @Override
  public void close() {
    var _ = listener.close();
    var _ = connections.close();
    close(loops);
  }

  private static void close(EventLoopGroup loops) {
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
