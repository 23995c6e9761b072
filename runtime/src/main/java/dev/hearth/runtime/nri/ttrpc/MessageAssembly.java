package dev.hearth.runtime.nri.ttrpc;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Puts the messages of one connection together, however they were cut. Confined to one thread. */
final class MessageAssembly {
  private final ByteBuffer header = ByteBuffer.allocate(Message.HEADER);

  /** Filled once the header is complete; empty between messages. */
  private ByteBuffer payload = ByteBuffer.allocate(0);

  /**
   * Takes a piece in.
   *
   * @return the messages that it completes
   * @throws PeerException.Broken for a message longer than any may be
   */
  List<Message> add(ByteBuffer piece) throws PeerException.Broken {
    List<Message> complete = new ArrayList<>();
    while (piece.hasRemaining()) {
      if (header.hasRemaining()) {
        move(piece, header);
        if (header.hasRemaining()) {
          break;
        }
        payload = ByteBuffer.allocate(length());
      }
      move(piece, payload);
      if (!payload.hasRemaining()) {
        complete.add(
            new Message(
                header.getInt(4),
                header.get(8),
                header.get(9),
                ByteString.copyFrom(payload.flip())));
        header.clear();
      }
    }
    return complete;
  }

  private int length() throws PeerException.Broken {
    int length = header.getInt(0);
    if (length < 0 || length > Message.MAX_LENGTH) {
      throw new PeerException.Broken(
          "a message of " + Integer.toUnsignedString(length) + " bytes was announced");
    }
    return length;
  }

  private static void move(ByteBuffer from, ByteBuffer to) {
    int count = Math.min(from.remaining(), to.remaining());
    to.put(from.slice(from.position(), count));
    from.position(from.position() + count);
  }
}
