package dev.hearth.linux;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;

/**
 * Reads a pipe, socket or terminal, waiting in a {@link Poller}. Makes the descriptor non-blocking;
 * closes it with itself.
 */
public final class PolledInput extends InputStream {
  private final Fd fd;
  private final Poller poller;
  private final Duration timeout;

  /**
   * @param timeout how long one read waits for the first byte
   */
  public PolledInput(Fd fd, Poller poller, Duration timeout) throws LinuxException {
    Descriptors.setNonBlocking(fd, true);
    this.fd = fd;
    this.poller = poller;
    this.timeout = timeout;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  /**
   * Reads what is there, after waiting for it.
   *
   * @throws InterruptedIOException when interrupted; the interrupt stays set
   * @throws LinuxException ETIMEDOUT when the time is up, EBADF when closed meanwhile
   */
  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, into.length);
    if (length == 0) {
      return 0;
    }
    ByteBuffer buffer = ByteBuffer.wrap(into, from, length);
    while (true) {
      int read = Descriptors.read(fd, buffer);
      if (read != 0) {
        return read;
      }
      try {
        poller.awaitReadable(fd, timeout);
      } catch (TimeoutException e) {
        throw PolledOutput.timedOut("read", fd, e);
      } catch (InterruptedException e) {
        throw PolledOutput.interrupted("reading", fd);
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
