package dev.hearth.runtime.snapshot;

import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;

/** A stream that delivers nothing until its reader is interrupted. */
final class StalledInput extends InputStream {
  private final Runnable onRead;

  /**
   * @param onRead called when a read begins
   */
  StalledInput(Runnable onRead) {
    this.onRead = onRead;
  }

  @Override
  public int read() throws InterruptedIOException {
    onRead.run();
    try {
      new CountDownLatch(1).await();
      return -1;
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted");
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws InterruptedIOException {
    return read();
  }
}
