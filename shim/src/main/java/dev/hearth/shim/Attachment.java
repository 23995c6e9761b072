package dev.hearth.shim;

import dev.hearth.linux.LinuxException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** A client attached to a container's stdio, until it is closed. */
public final class Attachment implements AutoCloseable {
  private final Connection connection;

  Attachment(Connection connection) {
    this.connection = connection;
  }

  /** Why an attachment came to its end. */
  public enum End {
    /** The container has ended. */
    CONTAINER_ENDED,
    /** A stream was taken away, for it was read too slowly. */
    TOO_SLOW
  }

  /**
   * Waits for the end of the attachment. The streams see their own ends, and should be read to
   * those.
   *
   * @throws ShimUnreachable if the shim went away
   */
  public End await(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    while (true) {
      Message message = connection.receive(deadline);
      switch (message.type()) {
        case Message.ENDED -> {
          return End.CONTAINER_ENDED;
        }
        case Message.DETACHED -> {
          return End.TOO_SLOW;
        }
        default -> {}
      }
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
