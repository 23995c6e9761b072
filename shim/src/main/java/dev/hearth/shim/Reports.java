package dev.hearth.shim;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** What a shim reports of a start, read as it comes. Of one thread. */
final class Reports {
  private final Plan plan;
  private final Fd socket;
  private final List<Report> all = new ArrayList<>();
  private final ByteBuffer buffer =
      ByteBuffer.allocate(16 * Report.SIZE).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * Of nothing yet.
   *
   * @param socket non-blocking
   */
  Reports(Plan plan, Fd socket) {
    this.plan = plan;
    this.socket = socket;
  }

  Fd socket() {
    return socket;
  }

  /** What was read so far, in order. */
  List<Report> all() {
    return List.copyOf(all);
  }

  /** The last one, if the container runs. */
  Optional<Report> started() {
    return all.isEmpty() || all.getLast().kind() != Report.STARTED
        ? Optional.empty()
        : Optional.of(all.getLast());
  }

  /**
   * Reads until the container runs, or the stream ends: then the shim has ended, or a pin is made.
   * May be called again after it gave up waiting.
   *
   * @throws StartFailure when the start has failed, and nothing of it is left
   */
  void await(Poller poller, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    while (started().isEmpty()) {
      int read = Descriptors.read(socket, buffer);
      if (read < 0) {
        return;
      }
      if (read == 0) {
        poller.awaitReadable(socket, deadline.left());
        continue;
      }
      buffer.flip();
      while (buffer.remaining() >= Report.SIZE) {
        Report report = Report.read(buffer);
        if (report.kind() == Report.FAILED) {
          throw StartFailure.of(plan, report);
        }
        all.add(report);
      }
      buffer.compact();
    }
  }
}
