package dev.hearth.runtime.stream;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Carries what a process writes to its client, on a virtual thread of its own. Without a client,
 * whether from the start or since it vanished, it is read and thrown away, so that the process goes
 * on.
 */
final class OutputPump {
  private static final int CHUNK = 32 << 10;

  private final Fd from;
  private final Poller poller;
  private final Optional<ClientStream> to;
  private final CountDownLatch done = new CountDownLatch(1);

  /** Bytes read so far, and whether more are waited for. */
  private final AtomicLong read = new AtomicLong();

  private volatile boolean waiting;

  private OutputPump(Fd from, Poller poller, Optional<ClientStream> to) {
    this.from = from;
    this.poller = poller;
    this.to = to;
  }

  /**
   * Begins to read a pipe or terminal.
   *
   * @param from stays the caller's; closing it ends the pump
   */
  static OutputPump start(Fd from, Poller poller, Optional<ClientStream> to) throws LinuxException {
    Descriptors.setNonBlocking(from, true);
    OutputPump pump = new OutputPump(from, poller, to);
    Thread.ofVirtual().name("stream-output").start(pump::run);
    return pump;
  }

  private void run() {
    try {
      pump();
    } catch (LinuxException e) {
      // Of a pipe: it was closed here. Of a terminal: its last user has gone, EIO.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      to.ifPresent(ClientStream::finish);
      done.countDown();
    }
  }

  private void pump() throws LinuxException, InterruptedException {
    byte[] bytes = new byte[CHUNK];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    Optional<ClientStream> client = to;
    while (true) {
      buffer.clear();
      int count = Descriptors.read(from, buffer);
      if (count < 0) {
        return;
      }
      if (count == 0) {
        waiting = true;
        poller.awaitReadable(from);
        waiting = false;
        continue;
      }
      read.addAndGet(count);
      client = write(client, bytes, count);
    }
  }

  private static Optional<ClientStream> write(
      Optional<ClientStream> client, byte[] bytes, int count) throws InterruptedException {
    if (client.isPresent()) {
      try {
        client.get().write(bytes, 0, count);
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    return client;
  }

  /** Waits for the end of the stream. */
  void await() throws InterruptedException {
    done.await();
  }

  /**
   * Waits for the end of the stream, but gives up when nothing has come for this long: a child of
   * the process may hold it open for ever. A client that is slow to take what there is, is waited
   * for.
   */
  void drain(Duration idle) throws InterruptedException {
    long before = -1;
    while (!done.await(idle.toNanos(), TimeUnit.NANOSECONDS)) {
      long now = read.get();
      if (waiting && now == before) {
        from.close();
        done.await();
        return;
      }
      before = now;
    }
  }
}
