package dev.hearth.runtime.network.netlink;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Netlink;
import java.nio.ByteBuffer;

/** Opens netlink sockets in the network namespace of the calling thread. */
@FunctionalInterface
public interface NetlinkSockets {
  /** The kernel's. */
  NetlinkSockets KERNEL = protocol -> new KernelSocket(Netlink.open(protocol));

  NetlinkSocket open(Netlink.Protocol protocol) throws LinuxException;

  /** A socket of the kernel. */
  record KernelSocket(Fd socket) implements NetlinkSocket {
    @Override
    public void send(byte[] messages) throws LinuxException {
      Netlink.send(socket, messages);
    }

    @Override
    public boolean receive(ByteBuffer into) throws LinuxException {
      return Netlink.receive(socket, into);
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
