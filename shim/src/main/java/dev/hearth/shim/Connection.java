package dev.hearth.shim;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.linux.SocketMessages;
import dev.hearth.linux.UnixSockets;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * One connection to a shim. Any thread may send, one at a time may receive; closing it ends that
 * wait.
 */
final class Connection implements AutoCloseable {
  private static final int HEADER = 4;
  private static final int LARGEST_ANSWER = 512;

  private final Path path;
  private final Poller poller;
  private final Fd socket;

  private Connection(Path path, Poller poller, Fd socket) {
    this.path = path;
    this.poller = poller;
    this.socket = socket;
  }

  /**
   * Connects, waiting while the shim is too busy to take more.
   *
   * @throws ShimUnreachable if there is nobody
   */
  static Connection open(Path path, Poller poller, Deadline deadline)
      throws ShimUnreachable, LinuxException, TimeoutException, InterruptedException {
    long pauseMillis = 1;
    while (true) {
      try {
        Fd socket = UnixSockets.connect(path, UnixSockets.Kind.SEQUENCED_PACKETS);
        return new Connection(path, poller, socket);
      } catch (LinuxException e) {
        if (e.isAnyOf(Errno.ENOENT, Errno.ECONNREFUSED)) {
          throw new ShimUnreachable("no shim listens at " + path, e);
        }
        if (!e.is(Errno.EAGAIN)) {
          throw e;
        }
        // Its backlog is full, and there is nothing to wait for but time.
        if (deadline.left().isZero()) {
          throw new TimeoutException("the shim at " + path + " takes no connection");
        }
        Thread.sleep(Math.min(pauseMillis, deadline.left().toMillis() + 1));
        pauseMillis = Math.min(pauseMillis * 2, 50);
      }
    }
  }

  void send(ByteBuffer request, List<Fd> descriptors, Deadline deadline)
      throws ShimUnreachable, LinuxException, TimeoutException, InterruptedException {
    try {
      while (SocketMessages.send(socket, request, descriptors) == 0) {
        poller.awaitWritable(socket, deadline.left());
      }
    } catch (LinuxException e) {
      throw unreachable(e);
    }
  }

  /** The next message: an answer, or an event. */
  Message receive(Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ByteBuffer buffer = ByteBuffer.allocate(LARGEST_ANSWER).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      SocketMessages.Received received;
      try {
        received = SocketMessages.receive(socket, buffer, 1);
      } catch (LinuxException e) {
        throw unreachable(e);
      }
      if (received.bytes() < 0) {
        throw new ShimUnreachable("the shim at " + path + " hung up");
      }
      if (received.bytes() == 0) {
        poller.awaitReadable(socket, deadline.left());
        continue;
      }
      buffer.flip();
      if (received.bytesLost() || buffer.remaining() < HEADER) {
        received.close();
        throw new ShimException("the shim at " + path + " answers nonsense");
      }
      buffer.getShort(); // its version; what it says is in ours, which we asked in
      return new Message(buffer.getShort() & 0xFFFF, buffer, received.descriptors());
    }
  }

  /** Reads a message's fields. */
  <T> T parse(Message message, Function<Message, T> reader) throws ShimException {
    try {
      return reader.apply(message);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new ShimException("the shim at " + path + " answers nonsense", e);
    }
  }

  /** The answer to a request: of this type, or why there is none. */
  Message expect(int type, String request, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Message message = receive(deadline);
    if (message.type() == type) {
      return message;
    }
    message.descriptors().forEach(Fd::close);
    throw unexpected(message, request);
  }

  ShimException unexpected(Message message, String request) throws ShimException {
    if (message.type() != Message.ERROR) {
      return new ShimException("the shim at " + path + " answers nonsense");
    }
    int errno = parse(message, m -> m.fields().getInt());
    String text = parse(message, Message::text);
    return new ShimRefusal("shim at " + path + ": " + request + ": " + text, errno);
  }

  private ShimUnreachable unreachable(LinuxException e) throws LinuxException {
    if (e.isAnyOf(Errno.EPIPE, Errno.ECONNRESET, Errno.ENOTCONN)) {
      return new ShimUnreachable("the shim at " + path + " hung up", e);
    }
    throw e;
  }

  @Override
  public void close() {
    socket.close();
  }
}
