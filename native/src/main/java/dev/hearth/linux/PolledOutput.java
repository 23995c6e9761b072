package dev.hearth.linux;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;

/**
 * Writes a pipe, socket or terminal, waiting in a {@link Poller}. Makes the descriptor
 * non-blocking; closes it with itself.
 */
public final class PolledOutput extends OutputStream {
  private final Fd fd;
  private final Poller poller;
  private final Duration timeout;

  /**
   * @param timeout how long a write waits for room, anew whenever some was taken
   */
  public PolledOutput(Fd fd, Poller poller, Duration timeout) throws LinuxException {
    Descriptors.setNonBlocking(fd, true);
    this.fd = fd;
    this.poller = poller;
    this.timeout = timeout;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  /**
   * Writes all of it.
   *
   * @throws InterruptedIOException when interrupted; the interrupt stays set
   * @throws LinuxException ETIMEDOUT when the time is up, EPIPE when nobody reads any more, EBADF
   *     when closed meanwhile
   */
  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, bytes.length);
    ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
    while (buffer.hasRemaining()) {
      if (Descriptors.write(fd, buffer) > 0) {
        continue;
      }
      try {
        poller.awaitWritable(fd, timeout);
      } catch (TimeoutException e) {
        throw timedOut("write", fd, e);
      } catch (InterruptedException e) {
        throw interrupted("writing", fd);
      }
    }
  }

  static LinuxException timedOut(String operation, Fd fd, TimeoutException cause) {
    var failure = new LinuxException(operation, fd.name(), Errno.ETIMEDOUT);
    failure.initCause(cause);
    return failure;
  }

  static InterruptedIOException interrupted(String what, Fd fd) {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while " + what + " " + fd.name());
  }

  @Override
  public void close() {
    fd.close();
  }
}
