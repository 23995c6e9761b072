package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Netlink;
import dev.hearth.runtime.network.netlink.NetlinkSocket;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sockets of the kernel of which the n-th opening or sending fails: in {@code LOST} as if it had
 * not reached the kernel, in {@code UNHEARD} after the kernel has carried it out.
 */
final class FailingSockets implements NetlinkSockets {
  enum Manner {
    LOST,
    UNHEARD
  }

  private final Manner manner;
  private final AtomicInteger left = new AtomicInteger();
  private volatile boolean mortal;
  private volatile boolean dead;

  FailingSockets(Manner manner) {
    this.manner = manner;
  }

  /** Makes the n-th call from now fail; 0 lets all pass. */
  void failAt(int n) {
    left.set(n);
  }

  /** As {@link #failAt}, but all calls after that fail too, as if the daemon had died. */
  void dieAt(int n) {
    mortal = true;
    left.set(n);
  }

  /** Whether the failure is still to come. */
  boolean armed() {
    return left.get() > 0;
  }

  private boolean isTurn() {
    boolean turn = left.getAndUpdate(n -> Math.max(0, n - 1)) == 1;
    dead |= turn && mortal;
    return turn;
  }

  @Override
  public NetlinkSocket open(Netlink.Protocol protocol) throws LinuxException {
    if (dead || isTurn()) {
      throw new LinuxException("open socket", "on trial", Errno.ENFILE);
    }
    return new Socket(KERNEL.open(protocol));
  }

  private final class Socket implements NetlinkSocket {
    private final NetlinkSocket kernel;

    Socket(NetlinkSocket kernel) {
      this.kernel = kernel;
    }

    @Override
    public void send(byte[] messages) throws LinuxException {
      boolean late = dead;
      boolean fails = isTurn();
      if (!late && (!fails || manner == Manner.UNHEARD)) {
        kernel.send(messages);
      }
      if (late || fails) {
        throw new LinuxException("send", "on trial", Errno.ENOMEM);
      }
    }

    @Override
    public boolean receive(ByteBuffer into) throws LinuxException {
      return kernel.receive(into);
    }

    @Override
    public void close() {
      kernel.close();
    }
  }
}
