package dev.hearth.runtime.nri.ttrpc;

import java.nio.ByteBuffer;

/**
 * A piece of one of the connections that a trunk carries: the connection's number and the length of
 * what follows, each in 32 bits, big end first.
 */
record Frame(int lane, ByteBuffer payload) {
  static final int HEADER = 8;

  /** The longest a peer sends: a whole message with its header. */
  static final int MAX_PAYLOAD = Message.HEADER + Message.MAX_LENGTH;

  /**
   * How much of a message its first frame carries at most. The peers read a header into a buffer of
   * that size and fail where a frame does not fit; what is left of the message may then come whole.
   */
  static final int FIRST = 4096;
}
