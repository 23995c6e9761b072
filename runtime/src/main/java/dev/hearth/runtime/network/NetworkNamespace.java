package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.Netlink;
import dev.hearth.linux.SmallFiles;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkSocket;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;

/**
 * A network namespace: this process's own, or a pinned one. Sockets stay in the namespace they were
 * opened in, so only opening them, and files of /proc/sys/net, need a thread inside.
 */
final class NetworkNamespace {
  private static final Path SETTINGS = Path.of("/proc/sys");

  private final NetlinkSockets sockets;
  private final Optional<Path> pin;

  private NetworkNamespace(NetlinkSockets sockets, Optional<Path> pin) {
    this.sockets = sockets;
    this.pin = pin;
  }

  /** The one this process is in. */
  static NetworkNamespace own(NetlinkSockets sockets) {
    return new NetworkNamespace(sockets, Optional.empty());
  }

  /** The one pinned at a path. */
  static NetworkNamespace at(Path pin, NetlinkSockets sockets) {
    return new NetworkNamespace(sockets, Optional.of(pin));
  }

  /** A new network namespace and a connection in it, both the caller's to close. */
  record New(Fd namespace, NetlinkConnection routes) {}

  /** What is opened in a new namespace; a connection is too much for a thread inside. */
  private record Opened(Fd namespace, NetlinkSocket socket) {}

  /** Makes one that is kept by the descriptor only; see {@link #set} for the settings. */
  static New make(NetlinkSockets sockets, Map<String, String> settings) throws LinuxException {
    Opened opened =
        Namespaces.inNew(
            EnumSet.of(Namespace.NETWORK),
            () -> {
              writeAll(settings);
              Fd namespace = Namespaces.current(Namespace.NETWORK);
              try {
                return new Opened(namespace, sockets.open(Netlink.Protocol.ROUTE));
              } catch (LinuxException e) {
                namespace.close();
                throw e;
              }
            });
    return new New(opened.namespace, new NetlinkConnection(opened.socket));
  }

  NetlinkConnection routes() throws LinuxException {
    return open(Netlink.Protocol.ROUTE);
  }

  NetlinkConnection filters() throws LinuxException {
    return open(Netlink.Protocol.NETFILTER);
  }

  private NetlinkConnection open(Netlink.Protocol protocol) throws LinuxException {
    return new NetlinkConnection(inside(() -> sockets.open(protocol)));
  }

  /** Opens a connection after giving settings values; see {@link #set}. */
  NetlinkConnection routesWith(Map<String, String> settings) throws LinuxException {
    NetlinkSocket socket =
        inside(() -> {
          for (Map.Entry<String, String> setting : settings.entrySet()) {
            write(setting.getKey(), setting.getValue());
          }
          return sockets.open(Netlink.Protocol.ROUTE);
        });
    return new NetlinkConnection(socket);
  }

  /**
   * Reads a setting of sysctl(8).
   *
   * @param name with slashes, such as {@code net/ipv4/ip_forward}
   * @return empty if this kernel has no such setting
   */
  Optional<String> setting(String name) throws LinuxException {
    try {
      return Optional.of(inside(() -> SmallFiles.read(SETTINGS.resolve(name)).strip()));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Changes a setting of sysctl(8). */
  void set(String name, String value) throws LinuxException {
    inside(() -> {
      write(name, value);
      return true;
    });
  }

  private static void writeAll(Map<String, String> settings) throws LinuxException {
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      write(setting.getKey(), setting.getValue());
    }
  }

  private static void write(String name, String value) throws LinuxException {
    SmallFiles.write(SETTINGS.resolve(name), value);
  }

  private <T> T inside(Namespaces.Task<T, LinuxException> task) throws LinuxException {
    if (pin.isEmpty()) {
      return task.run();
    }
    try (Fd namespace = Namespaces.open(pin.get())) {
      return Namespaces.inside(Map.of(Namespace.NETWORK, namespace), task);
    }
  }
}
