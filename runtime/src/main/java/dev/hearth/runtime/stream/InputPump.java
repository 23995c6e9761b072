package dev.hearth.runtime.stream;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.nio.ByteBuffer;

/** Carries what a client sends to a process, on a virtual thread of its own. */
final class InputPump {
  private static final int CHUNK = 32 << 10;

  private final ClientStream from;
  private final Fd to;
  private final Poller poller;
  private final AtEnd atEnd;

  /** What the end of the client's stream, or the client's own, does to the process. */
  interface AtEnd {
    void run() throws LinuxException, InterruptedException;
  }

  private InputPump(ClientStream from, Fd to, Poller poller, AtEnd atEnd) {
    this.from = from;
    this.to = to;
    this.poller = poller;
    this.atEnd = atEnd;
  }

  /**
   * Begins to write to a pipe or terminal.
   *
   * @param to stays the caller's; closing it ends the pump
   */
  static void start(ClientStream from, Fd to, Poller poller, AtEnd atEnd) throws LinuxException {
    Descriptors.setNonBlocking(to, true);
    InputPump pump = new InputPump(from, to, poller, atEnd);
    Thread.ofVirtual().name("stream-input").start(pump::run);
  }

  private void run() {
    try {
      byte[] bytes = new byte[CHUNK];
      for (int count = from.read(bytes); count >= 0; count = from.read(bytes)) {
        write(ByteBuffer.wrap(bytes, 0, count));
      }
      atEnd.run();
    } catch (LinuxException e) {
      // The process reads no more, or has ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      from.discardInput();
    }
  }

  private void write(ByteBuffer bytes) throws LinuxException, InterruptedException {
    while (bytes.hasRemaining()) {
      if (Descriptors.write(to, bytes) == 0) {
        poller.awaitWritable(to);
      }
    }
  }
}
