package dev.hearth.testing;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;

/** The bytes of another protocol in binary WebSocket messages (RFC 6455), over a plain socket. */
final class WebSocketPipe {
  private static final int BINARY = 0x82;
  private static final int MASKED = 0x80;
  private static final int MASK_BYTES = 4;
  private static final int CONTINUATION = 0;
  private static final int BINARY_FRAME = 2;
  private static final int CLOSE = 8;
  private static final int LENGTH_IN_TWO_BYTES = 126;
  private static final int LENGTH_IN_EIGHT_BYTES = 127;

  private WebSocketPipe() {}

  static String request(URI uri, String protocol) {
    return "GET "
        + uri.getPath()
        + " HTTP/1.1\r\nHost: "
        + uri.getAuthority()
        + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: "
        + protocol
        + "\r\n\r\n";
  }

  /** A client must mask what it sends; a mask of zeros changes nothing. */
  static OutputStream output(Socket socket) throws IOException {
    OutputStream out = socket.getOutputStream();
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        if (length > 0xFFFF) {
          throw new IOException("longer than a message of a test: " + length);
        }
        boolean brief = length < LENGTH_IN_TWO_BYTES;
        int head = brief ? 2 : 4;
        byte[] message = new byte[head + MASK_BYTES + length];
        message[0] = (byte) BINARY;
        message[1] = (byte) (MASKED | (brief ? length : LENGTH_IN_TWO_BYTES));
        if (!brief) {
          message[2] = (byte) (length >> 8);
          message[3] = (byte) length;
        }
        System.arraycopy(bytes, from, message, head + MASK_BYTES, length);
        out.write(message);
      }
    };
  }

  static InputStream input(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    return new InputStream() {
      private long left;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        while (left == 0) {
          if (!next()) {
            return -1;
          }
        }
        int count = in.read(bytes, from, (int) Math.min(left, length));
        left -= Math.max(count, 0);
        return count;
      }

      private boolean next() throws IOException {
        try {
          int opcode = in.readUnsignedByte() & 0xF;
          int length = in.readUnsignedByte();
          left =
              switch (length) {
                case LENGTH_IN_TWO_BYTES -> in.readUnsignedShort();
                case LENGTH_IN_EIGHT_BYTES -> in.readLong();
                default -> length;
              };
          if (opcode != CONTINUATION && opcode != BINARY_FRAME && opcode != CLOSE) {
            throw new IOException("a message of kind " + opcode + " in a tunnel");
          }
          return opcode != CLOSE;
        } catch (EOFException e) {
          return false;
        }
      }
    };
  }
}
