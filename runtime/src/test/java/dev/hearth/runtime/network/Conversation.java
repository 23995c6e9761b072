package dev.hearth.runtime.network;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;

/**
 * Servers and clients in network namespaces. A server answers everybody with the address it sees
 * them come from. Sockets are opened by a thread in the namespace, and used outside.
 */
final class Conversation {
  private static final int TIMEOUT_MILLIS = 3000;

  private Conversation() {}

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T inside(Path netns, Opening<T> opening) throws IOException {
    try (Fd namespace = Namespaces.open(netns)) {
      return Namespaces.<T, IOException>inside(Map.of(Namespace.NETWORK, namespace), opening::open);
    }
  }

  /** Answers on a TCP port until closed; {@code address} may be a wildcard. */
  static AutoCloseable serveTcp(Path netns, String address, int port) throws IOException {
    ServerSocketChannel server = inside(netns, ServerSocketChannel::open);
    server.bind(new InetSocketAddress(address, port));
    Thread.ofVirtual().start(() -> answerTcp(server));
    return server;
  }

  private static void answerTcp(ServerSocketChannel server) {
    while (true) {
      try (SocketChannel client = server.accept()) {
        client.write(ByteBuffer.wrap(from((InetSocketAddress) client.getRemoteAddress())));
      } catch (AsynchronousCloseException _) {
        return;
      } catch (IOException _) {
        if (!server.isOpen()) {
          return;
        }
      }
    }
  }

  /** Answers on a UDP port until closed. */
  static AutoCloseable serveUdp(Path netns, int port) throws IOException {
    DatagramChannel server = inside(netns, DatagramChannel::open);
    server.bind(new InetSocketAddress(port));
    Thread.ofVirtual().start(() -> answerUdp(server));
    return server;
  }

  private static void answerUdp(DatagramChannel server) {
    try {
      while (true) {
        InetSocketAddress sender = (InetSocketAddress) server.receive(ByteBuffer.allocate(100));
        server.send(ByteBuffer.wrap(from(sender)), sender);
      }
    } catch (IOException _) {
      // closed
    }
  }

  private static byte[] from(InetSocketAddress sender) {
    return sender.getAddress().getHostAddress().getBytes(UTF_8);
  }

  /** What a TCP server says: the address it sees. */
  static String askTcp(Path netns, String address, int port) throws IOException {
    try (SocketChannel client = inside(netns, SocketChannel::open)) {
      client.socket().connect(new InetSocketAddress(address, port), TIMEOUT_MILLIS);
      client.socket().setSoTimeout(TIMEOUT_MILLIS);
      return new String(client.socket().getInputStream().readAllBytes(), UTF_8);
    }
  }

  /** What a UDP server says: the address it sees. */
  static String askUdp(Path netns, String address, int port) throws IOException {
    try (DatagramChannel client = inside(netns, DatagramChannel::open)) {
      client.connect(new InetSocketAddress(address, port));
      client.write(ByteBuffer.wrap(new byte[] {'?'}));
      client.socket().setSoTimeout(TIMEOUT_MILLIS);
      java.net.DatagramPacket answer = new java.net.DatagramPacket(new byte[100], 100);
      client.socket().receive(answer);
      return new String(answer.getData(), 0, answer.getLength(), UTF_8);
    }
  }
}
