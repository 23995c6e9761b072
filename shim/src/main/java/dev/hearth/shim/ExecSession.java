package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A process started in a container. One thread may wait for its end while others call the rest;
 * closing the session kills a process that has not ended, with all of its session.
 */
public final class ExecSession implements AutoCloseable {
  private final Connection connection;
  private final int pid;
  private final Optional<Fd> terminal;
  private final List<StartWarning> warnings;

  /** Set by the one who waits. */
  private volatile @Nullable ContainerExit exit;

  private ExecSession(
      Connection connection, int pid, Optional<Fd> terminal, List<StartWarning> warnings) {
    this.connection = connection;
    this.pid = pid;
    this.terminal = terminal;
    this.warnings = List.copyOf(warnings);
  }

  static ExecSession awaitStart(Connection connection, Plan plan, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    List<StartWarning> warnings = new ArrayList<>();
    while (true) {
      Message message = connection.receive(deadline);
      switch (message.type()) {
        case Message.WARNING ->
            warnings.add(StartWarning.of(plan, connection.parse(message, Message::report)));
        case Message.STARTED -> {
          int pid = connection.parse(message, m -> m.fields().getInt());
          return new ExecSession(
              connection, pid, message.descriptors().stream().findFirst(), warnings);
        }
        case Message.FAILED ->
            throw StartFailure.of(plan, connection.parse(message, Message::report));
        default -> throw connection.unexpected(message, "exec");
      }
    }
  }

  /** Its pid, seen from the shim. */
  public int pid() {
    return pid;
  }

  /** The master of its terminal, if it has one; closed with the session. */
  public Optional<Fd> terminal() {
    return terminal;
  }

  /** What could not be done for it. */
  public List<StartWarning> warnings() {
    return warnings;
  }

  /**
   * Waits for its end. Others it has left behind may hold its output open still.
   *
   * @throws ShimUnreachable if the shim went away before
   */
  public ContainerExit await(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    while (true) {
      ContainerExit known = exit;
      if (known != null) {
        return known;
      }
      Message message = connection.receive(deadline);
      // Answers to kill, signal and resize: nobody waits for those.
      if (message.type() == Message.EXITED) {
        exit = connection.parse(message, Message::execExit);
      }
    }
  }

  /** Kills it with all of its session. */
  public void kill(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    connection.send(Request.of(Request.KILL_EXEC), List.of(), Deadline.in(timeout));
  }

  /** Sends it a signal. */
  public void signal(int signal, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    connection.send(Request.of(Request.SIGNAL_EXEC, signal), List.of(), Deadline.in(timeout));
  }

  /** Resizes its terminal. */
  public void resize(WindowSize size, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    connection.send(
        Request.of(Request.RESIZE_EXEC, size.rows(), size.columns()),
        List.of(),
        Deadline.in(timeout));
  }

  @Override
  public void close() {
    terminal.ifPresent(Fd::close);
    connection.close();
  }
}
