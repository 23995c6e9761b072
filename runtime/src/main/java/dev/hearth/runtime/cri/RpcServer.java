package dev.hearth.runtime.cri;

import dev.hearth.runtime.model.HearthException;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The gRPC server on its Unix socket: one event loop, a virtual thread for each call. */
public final class RpcServer implements AutoCloseable {
  /** As the kubelet's own client allows: 16 MiB. */
  private static final int MAX_MESSAGE_BYTES = 16 << 20;

  private final Server server;
  private final EventLoopGroup loops;
  private final ExecutorService calls;

  private RpcServer(Server server, EventLoopGroup loops, ExecutorService calls) {
    this.server = server;
    this.loops = loops;
    this.calls = calls;
  }

  /**
   * Serves on the socket. A socket file that a killed daemon left is replaced; that no living one
   * serves it is for the caller to know. Only root may connect.
   */
  @SuppressWarnings("MustBeClosedChecker")
  public static RpcServer serve(Path socket, List<BindableService> services) {
    ExecutorService calls =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("call-", 0).factory());
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      if (socket.getParent() != null) {
        Files.createDirectories(socket.getParent());
      }
      Files.deleteIfExists(socket);
      NettyServerBuilder builder =
          NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
              .channelType(EpollServerDomainSocketChannel.class)
              .withChildOption(ChannelOption.SO_KEEPALIVE, null)
              .bossEventLoopGroup(loops)
              .workerEventLoopGroup(loops)
              .executor(calls)
              .maxInboundMessageSize(MAX_MESSAGE_BYTES);
      services.forEach(builder::addService);
      Server server = builder.build().start();
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      return new RpcServer(server, loops, calls);
    } catch (IOException e) {
      var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      calls.shutdownNow();
      throw new HearthException.HostFailure("cannot serve on " + socket + ": " + e.getMessage(), e);
    }
  }

  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }

  /** Lets calls under way finish for a moment, then ends them. */
  @Override
  public void close() {
    server.shutdown();
    try {
      if (!server.awaitTermination(2, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    calls.shutdown();
  }
}
