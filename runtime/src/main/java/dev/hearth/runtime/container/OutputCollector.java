package dev.hearth.runtime.container;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Reads a pipe to its end on a virtual thread of its own and keeps the first bytes. The pipe stays
 * the caller's; closing it ends the reading.
 */
final class OutputCollector {
  private static final int CHUNK = 8192;

  private final Fd pipe;
  private final Poller poller;
  private final int limit;

  /** Guarded by itself. */
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

  private final CountDownLatch done = new CountDownLatch(1);

  private OutputCollector(Fd pipe, Poller poller, int limit) {
    this.pipe = pipe;
    this.poller = poller;
    this.limit = limit;
  }

  /**
   * Begins to read.
   *
   * @param limit bytes kept; the rest is read and thrown away, so that the writer never blocks
   */
  static OutputCollector start(Fd pipe, Poller poller, int limit) throws LinuxException {
    Descriptors.setNonBlocking(pipe, true);
    OutputCollector collector = new OutputCollector(pipe, poller, limit);
    Thread.ofVirtual().name("exec-output").start(collector::read);
    return collector;
  }

  private void read() {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    try {
      while (true) {
        chunk.clear();
        int read = Descriptors.read(pipe, chunk);
        if (read < 0) {
          return;
        }
        if (read == 0) {
          poller.awaitReadable(pipe);
        } else {
          keep(chunk.array(), read);
        }
      }
    } catch (LinuxException | IllegalStateException e) {
      // The pipe was closed: nobody wants the rest.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      done.countDown();
    }
  }

  private void keep(byte[] bytes, int count) {
    synchronized (kept) {
      kept.write(bytes, 0, Math.min(count, limit - kept.size()));
    }
  }

  /** What was kept: all, or what came until then if the pipe is held open for longer. */
  byte[] await(Duration within) throws InterruptedException {
    var _ = done.await(within.toNanos(), TimeUnit.NANOSECONDS);
    synchronized (kept) {
      return kept.toByteArray();
    }
  }
}
