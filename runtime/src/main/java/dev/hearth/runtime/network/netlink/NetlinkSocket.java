package dev.hearth.runtime.network.netlink;

import dev.hearth.linux.LinuxException;
import java.nio.ByteBuffer;

/**
 * A netlink socket. It stays in the network namespace in which it was opened, whichever thread uses
 * it.
 */
public interface NetlinkSocket extends AutoCloseable {
  /**
   * Hands messages to the kernel, which carries them out before this returns. May block while
   * another holds the kernel's network configuration lock.
   */
  void send(byte[] messages) throws LinuxException;

  /**
   * Receives one datagram, without waiting.
   *
   * @param into a direct buffer; its position moves by what was received
   * @return false if there is none
   * @throws LinuxException EMSGSIZE if the buffer is too small for it
   */
  boolean receive(ByteBuffer into) throws LinuxException;

  @Override
  void close();
}
