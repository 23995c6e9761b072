package dev.hearth.shim;

import dev.hearth.linux.LinuxException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** Waits for the end of a container; one descriptor while it is open. */
public final class ExitWatch implements AutoCloseable {
  private final Connection connection;

  ExitWatch(Connection connection) {
    this.connection = connection;
  }

  /**
   * Waits for the end, which is recorded when this returns.
   *
   * @throws ShimUnreachable if the shim went away without telling; the {@link ExitRecord} may be
   *     there all the same
   */
  public ContainerExit await(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    while (true) {
      Message message = connection.receive(deadline);
      if (message.type() == Message.ENDED) {
        return connection.parse(message, Message::containerExit);
      }
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
