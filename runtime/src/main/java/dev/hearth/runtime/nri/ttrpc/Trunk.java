package dev.hearth.runtime.nri.ttrpc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * One connection that carries several. Reading is for one thread, writing for one other; closing is
 * for anybody and ends both.
 */
final class Trunk implements AutoCloseable {
  private final ByteChannel channel;

  /**
   * @param channel blocking
   */
  Trunk(ByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for the next frame.
   *
   * @throws EOFException when the peer has closed the connection
   * @throws PeerException.Broken for a frame longer than any may be
   */
  Frame read() throws IOException, PeerException.Broken {
    ByteBuffer header = fill(ByteBuffer.allocate(Frame.HEADER));
    int length = header.getInt(4);
    if (length < 0 || length > Frame.MAX_PAYLOAD) {
      throw new PeerException.Broken(
          "a frame of " + Integer.toUnsignedString(length) + " bytes was announced");
    }
    return new Frame(header.getInt(0), fill(ByteBuffer.allocate(length)));
  }

  private ByteBuffer fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the connection was closed");
      }
    }
    return buffer.flip();
  }

  /** Sends a message on one of the connections, cut as the peers can take it. */
  void write(int lane, Message message) throws IOException {
    ByteBuffer bytes = message.encoded();
    int first = Math.min(bytes.remaining(), Frame.FIRST);
    writeFrame(lane, bytes.slice(0, first));
    if (first < bytes.remaining()) {
      writeFrame(lane, bytes.slice(first, bytes.remaining() - first));
    }
  }

  private void writeFrame(int lane, ByteBuffer payload) throws IOException {
    ByteBuffer frame =
        ByteBuffer.allocate(Frame.HEADER + payload.remaining())
            .putInt(lane)
            .putInt(payload.remaining())
            .put(payload)
            .flip();
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
