package dev.hearth.runtime.container;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Reads a pipe to its end on a virtual thread of its own and keeps the first bytes. The pipe stays
 * the caller's; closing it ends the reading.
 */
final class OutputCollector {
  private static final int CHUNK = 8192;

  /** What is kept is kept in blocks of about this, in bytes: one array would be copied to grow. */
  private static final int BLOCK = 64 << 10;

  private final Fd pipe;
  private final Poller poller;
  private final OutputBudget.Share share;

  /** Guarded by itself. */
  private final List<byte[]> kept = new ArrayList<>();

  /** The block being filled. Guarded by kept. */
  private final ByteArrayOutputStream last = new ByteArrayOutputStream();

  private final CountDownLatch done = new CountDownLatch(1);

  private OutputCollector(Fd pipe, Poller poller, OutputBudget.Share share) {
    this.pipe = pipe;
    this.poller = poller;
    this.share = share;
  }

  /**
   * Begins to read.
   *
   * @param share of which room is taken for what is kept; the rest is read and thrown away, so that
   *     the writer never blocks
   */
  static OutputCollector start(Fd pipe, Poller poller, OutputBudget.Share share)
      throws LinuxException {
    Descriptors.setNonBlocking(pipe, true);
    OutputCollector collector = new OutputCollector(pipe, poller, share);
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
      last.write(bytes, 0, share.take(count));
      if (last.size() >= BLOCK) {
        kept.add(last.toByteArray());
        last.reset();
      }
    }
  }

  /** What was kept, in blocks: all, or what came until then if the pipe is held open for longer. */
  List<byte[]> await(Duration within) throws InterruptedException {
    var _ = done.await(within.toNanos(), TimeUnit.NANOSECONDS);
    synchronized (kept) {
      List<byte[]> blocks = new ArrayList<>(kept);
      if (last.size() > 0) {
        blocks.add(last.toByteArray());
      }
      return List.copyOf(blocks);
    }
  }
}
