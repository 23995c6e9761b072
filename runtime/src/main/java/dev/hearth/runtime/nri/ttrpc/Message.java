package dev.hearth.runtime.nri.ttrpc;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;

/**
 * What ttrpc sends: four bytes of length, four of the call's number, one of type, one of flags, big
 * end first, then the payload.
 *
 * @param stream odd for calls, growing with each
 */
record Message(int stream, byte type, byte flags, ByteString payload) {
  static final int HEADER = 10;

  /** The longest payload that the peers take. */
  static final int MAX_LENGTH = 4 << 20;

  static final byte REQUEST = 1;
  static final byte RESPONSE = 2;

  Message {
    if (payload.size() > MAX_LENGTH) {
      throw new IllegalArgumentException("a message of " + payload.size() + " bytes");
    }
  }

  ByteBuffer encoded() {
    return ByteBuffer.allocate(HEADER + payload.size())
        .putInt(payload.size())
        .putInt(stream)
        .put(type)
        .put(flags)
        .put(payload.asReadOnlyByteBuffer())
        .flip();
  }
}
