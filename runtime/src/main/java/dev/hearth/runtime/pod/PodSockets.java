package dev.hearth.runtime.pod;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;

/** Connections to what listens on the loopback device of a pod. */
public final class PodSockets {
  private static final byte[] LOCALHOST_4 = {127, 0, 0, 1};
  private static final byte[] LOCALHOST_6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  /** Where the queue of a listener is full, the kernel would try for minutes. */
  private static final int CONNECT_MILLIS = 10_000;

  private final Layout layout;

  public PodSockets(Layout layout) {
    this.layout = layout;
  }

  /**
   * Connects to a port of the pod's localhost, by IPv4, then by IPv6. On virtual threads, waiting
   * for the connection holds no carrier.
   *
   * @throws HearthException.WrongState if the pod is not ready
   * @throws IOException if nobody listens there
   */
  public SocketChannel connect(Pod pod, int port) throws IOException {
    IOException refused;
    try {
      return connect(pod, StandardProtocolFamily.INET, LOCALHOST_4, port);
    } catch (IOException e) {
      refused = e;
    }
    try {
      return connect(pod, StandardProtocolFamily.INET6, LOCALHOST_6, port);
    } catch (IOException e) {
      throw new IOException(
          "nothing takes connections at localhost:%d of the pod: IPv4: %s; IPv6: %s"
              .formatted(port, refused.getMessage(), e.getMessage()),
          e);
    }
  }

  private SocketChannel connect(Pod pod, StandardProtocolFamily family, byte[] host, int port)
      throws IOException {
    if (!pod.ready()) {
      throw new HearthException.WrongState("pod sandbox " + pod.id() + " is not ready");
    }
    SocketChannel socket = socket(pod, family);
    try {
      InetAddress localhost = InetAddress.getByAddress("localhost", host);
      socket.socket().connect(new InetSocketAddress(localhost, port), CONNECT_MILLIS);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * A socket belongs for ever to the network namespace it was made in; only making it needs that.
   */
  private SocketChannel socket(Pod pod, StandardProtocolFamily family) throws IOException {
    if (pod.spec().hostNetwork()) {
      return SocketChannel.open(family);
    }
    // The first socket loads classes and starts what they need: not in there.
    SocketChannel.open(family).close();
    Path pin = SandboxParts.pin(layout.pod(pod.id()), Namespace.NETWORK);
    try (Fd namespace = Namespaces.open(pin)) {
      return Namespaces.inside(
          Map.of(Namespace.NETWORK, namespace), () -> SocketChannel.open(family));
    } catch (UnsupportedOperationException e) {
      throw new IOException("not supported by this host", e);
    }
  }
}
