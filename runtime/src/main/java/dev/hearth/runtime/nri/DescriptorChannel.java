package dev.hearth.runtime.nri;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A socket as a blocking channel that waits in a {@link Poller}. Closes it with itself. */
final class DescriptorChannel implements ByteChannel {
  private static final Duration FOR_EVER = Duration.ofDays(365);

  private final Fd fd;
  private final Poller poller;
  private final AtomicBoolean open = new AtomicBoolean(true);

  DescriptorChannel(Fd fd, Poller poller) throws LinuxException {
    Descriptors.setNonBlocking(fd, true);
    this.fd = fd;
    this.poller = poller;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    while (true) {
      int count = Descriptors.read(fd, into);
      if (count != 0) {
        return count;
      }
      await(() -> poller.awaitReadable(fd, FOR_EVER));
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    while (true) {
      int count = Descriptors.write(fd, from);
      if (count != 0) {
        return count;
      }
      await(() -> poller.awaitWritable(fd, FOR_EVER));
    }
  }

  private interface Wait {
    void run() throws LinuxException, TimeoutException, InterruptedException;
  }

  private static void await(Wait wait) throws IOException {
    try {
      wait.run();
    } catch (TimeoutException e) {
      throw new IOException("a year has passed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public boolean isOpen() {
    return open.get();
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      fd.close();
    }
  }
}
