package dev.hearth.cli;

import dev.hearth.proto.admin.v1.AdminGrpc;
import dev.hearth.proto.cri.v1.ImageServiceGrpc;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/** A connection to the daemon's Unix socket. Made by the first call, not by the constructor. */
final class Daemon implements AutoCloseable {
  /** ExecSync answers with up to 16 MiB for each of its two streams. */
  private static final int LARGEST_ANSWER = 40 << 20;

  /** sizeof(sun_path) less its final zero, unix(7). */
  private static final int LONGEST_SOCKET_PATH = 107;

  private static final Pattern WHOLE_ID = Pattern.compile("[0-9a-f]{64}");

  private final EventLoopGroup loop;
  private final ManagedChannel channel;
  private final Duration patience;

  private Daemon(EventLoopGroup loop, ManagedChannel channel, Duration patience) {
    this.loop = loop;
    this.channel = channel;
    this.patience = patience;
  }

  /**
   * @param patience how long a call that should be quick may take
   * @throws CommandFailure if there is no such socket
   */
  static Daemon at(Path socket, Duration patience) {
    check(socket);
    // Netty would look for other logging libraries, and neither may write into a command's output.
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    Logger.getLogger("").setLevel(Level.OFF);
    var threads = new DefaultThreadFactory("daemon-connection", true);
    var loop = new MultiThreadIoEventLoopGroup(1, threads, EpollIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
            .channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
            .eventLoopGroup(loop)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .usePlaintext()
            .overrideAuthority("localhost")
            .maxInboundMessageSize(LARGEST_ANSWER)
            .disableServiceConfigLookUp()
            .disableRetry()
            .directExecutor()
            .build();
    return new Daemon(loop, channel, patience);
  }

  private static void check(Path socket) {
    String remedy = "start hearthd, or name its socket by --socket or HEARTH_SOCKET";
    if (Files.notExists(socket)) {
      throw CommandFailure.unreachable(
          "no daemon at " + socket + ": no such file; " + remedy, null);
    }
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET_PATH) {
      throw CommandFailure.usage(
          "socket path longer than %d bytes: %s".formatted(LONGEST_SOCKET_PATH, socket));
    }
  }

  /** For calls that answer at once. */
  RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return RuntimeServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** For calls that take as long as they take. */
  RuntimeServiceGrpc.RuntimeServiceBlockingStub patientRuntime() {
    return RuntimeServiceGrpc.newBlockingStub(channel);
  }

  ImageServiceGrpc.ImageServiceBlockingStub images() {
    return ImageServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  ImageServiceGrpc.ImageServiceBlockingStub patientImages() {
    return ImageServiceGrpc.newBlockingStub(channel);
  }

  AdminGrpc.AdminBlockingStub admin() {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  AdminGrpc.AdminBlockingStub patientAdmin() {
    return AdminGrpc.newBlockingStub(channel);
  }

  /**
   * The id of the container an argument means.
   *
   * @param wanted id, beginning of an id, or name
   * @throws CommandFailure if there is none, or more than one
   */
  String containerId(String wanted) {
    if (WHOLE_ID.matcher(wanted).matches()) {
      return wanted; // Saves a call; the next one tells if it is not there.
    }
    return Search.one(wanted, EnumSet.of(Kind.CONTAINER), this).id();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
  }
}
