package dev.hearth.linux;

import java.nio.ByteBuffer;

/**
 * Netlink sockets, netlink(7): datagrams to and from the kernel. A socket stays in the network
 * namespace it was opened in, whatever thread uses it.
 */
public final class Netlink {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int SOL_NETLINK = 270;
  private static final int CAP_ACK = 10;
  private static final int EXT_ACK = 11;
  private static final int GET_STRICT_CHECK = 12;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_DONTWAIT = 0x40;

  /**
   * Room for answers not yet read, in bytes: a few thousand acknowledgements, as a large batch gets
   * them before its sender reads one. Memory only as far as it is used.
   */
  private static final int RECEIVE_ROOM = 4 * 1024 * 1024;

  private Netlink() {}

  /** Families of messages. */
  public enum Protocol {
    ROUTE(0),
    NETFILTER(12);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }
  }

  /**
   * Opens a socket in the network namespace of this thread. Refusals it receives carry the kernel's
   * words (NETLINK_EXT_ACK) and not the request (NETLINK_CAP_ACK); ROUTE checks requests for lists
   * strictly (NETLINK_GET_STRICT_CHK), so that they can be filtered.
   */
  public static Fd open(Protocol protocol) throws LinuxException {
    String name = "netlink " + protocol;
    int type = SOCK_RAW | OpenFlag.CLOEXEC;
    int number = LibC.socket(AF_NETLINK, type, protocol.number);
    Fd socket = new Fd(Sys.check(number, "open socket", name), name);
    try {
      UnixSockets.setOption(socket, SOL_NETLINK, CAP_ACK, 1);
      UnixSockets.setOption(socket, SOL_NETLINK, EXT_ACK, 1);
      if (protocol == Protocol.ROUTE) {
        UnixSockets.setOption(socket, SOL_NETLINK, GET_STRICT_CHECK, 1);
      }
      makeRoom(socket);
      return socket;
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /** Without CAP_NET_ADMIN the usual room must do. */
  private static void makeRoom(Fd socket) throws LinuxException {
    try {
      UnixSockets.setOption(socket, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_ROOM);
    } catch (LinuxException e) {
      if (!e.is(Errno.EPERM)) {
        throw e;
      }
    }
  }

  /**
   * Hands one datagram of messages to the kernel, which has carried them out and queued its answers
   * when this returns. Blocks while another changes the same part of the kernel.
   */
  public static void send(Fd socket, byte[] messages) throws LinuxException {
    try (Fd.Use use = socket.use("send to")) {
      long sent;
      do {
        sent = LibC.write(use.number(), messages, messages.length);
      } while (sent < 0 && Sys.failedWith(Errno.EINTR));
      Sys.check(sent, "send to", socket.name());
    }
  }

  /**
   * Receives one datagram into the buffer's remaining space, without waiting.
   *
   * @param into a direct buffer; its position moves by what was received
   * @return whether there was one
   * @throws LinuxException EMSGSIZE when it did not fit and is lost; ENOBUFS when answers before it
   *     were lost for want of room
   */
  public static boolean receive(Fd socket, ByteBuffer into) throws LinuxException {
    if (!into.isDirect()) {
      throw new IllegalArgumentException("netlink receives into direct buffers only");
    }
    try (Fd.Use use = socket.use("receive from")) {
      long received;
      do {
        int flags = MSG_DONTWAIT | MSG_TRUNC;
        received = LibC.recv(use.number(), into, into.remaining(), flags);
      } while (received < 0 && Sys.failedWith(Errno.EINTR));
      if (received < 0 && Sys.failedWith(Errno.EAGAIN)) {
        return false;
      }
      Sys.check(received, "receive from", socket.name());
      if (received > into.remaining()) {
        throw new LinuxException("receive from", socket.name(), Errno.EMSGSIZE);
      }
      into.position(into.position() + (int) received);
      return true;
    }
  }
}
