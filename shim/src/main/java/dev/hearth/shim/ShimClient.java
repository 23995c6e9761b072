package dev.hearth.shim;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * Talks to the shim of one container. Keeps nothing open between calls, so one may be kept for
 * every container; any number of threads may use it at once, and virtual ones wait without holding
 * a carrier.
 *
 * <p>Every call ends by its timeout with TimeoutException. {@link ShimUnreachable}: nobody listens,
 * so look for the {@link ExitRecord}. {@link ShimRefusal}: it cannot be done now.
 */
public final class ShimClient {
  /** An exec's plan that is longer goes in a file of its own. */
  private static final int LARGEST_MESSAGE = 60_000;

  private final Path control;
  private final Poller poller;

  /** Of the shim that listens, or will, at this path. */
  public ShimClient(Path control, Poller poller) {
    this.control = control;
    this.poller = poller;
  }

  /** Where the shim listens. */
  public Path control() {
    return control;
  }

  /** The oldest and newest version of the protocol that the shim speaks. */
  public record Versions(int oldest, int newest) {}

  /** Asks which versions the shim speaks. */
  public Versions versions(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    try (Connection connection = Connection.open(control, poller, deadline)) {
      connection.send(Request.of(Request.HELLO), List.of(), deadline);
      Message answer = connection.expect(Message.VERSIONS, "hello", deadline);
      return connection.parse(
          answer, m -> new Versions(m.fields().getShort(), m.fields().getShort()));
    }
  }

  /** What the shim knows of its container. */
  public ShimStatus status(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    try (Connection connection = Connection.open(control, poller, deadline)) {
      connection.send(Request.of(Request.STATUS), List.of(), deadline);
      return connection.parse(
          connection.expect(Message.STATUS, "status", deadline), ShimClient::readStatus);
    }
  }

  private static ShimStatus readStatus(Message message) {
    ByteBuffer in = message.fields();
    ProcessIdentity process = new ProcessIdentity(in.getInt(), in.getLong());
    long started = in.getLong();
    long lost = in.getLong();
    long oomKills = in.getLong();
    boolean ended = in.getInt() != 0;
    return new ShimStatus(
        process,
        Times.instant(started),
        lost,
        oomKills,
        ended ? Optional.of(message.containerExit()) : Optional.empty());
  }

  /** Sends a signal to the container's first process; ESRCH when it has ended. */
  public void signal(int signal, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ask(Request.of(Request.SIGNAL, signal, 0), "signal " + signal, timeout);
  }

  /** Sends a signal to every process in the container's unified control group. */
  public void signalAll(int signal, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ask(Request.of(Request.SIGNAL, signal, 1), "signal " + signal + " to all", timeout);
  }

  /** Resizes the container's terminal; ENOTTY when it has none. */
  public void resize(WindowSize size, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ask(Request.of(Request.RESIZE, size.rows(), size.columns()), "resize", timeout);
  }

  /** Has the log's path opened anew, after a rotation; if that fails, it goes to the old file. */
  public void reopenLog(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ask(Request.of(Request.REOPEN_LOG), "reopen log", timeout);
  }

  /** Ends the container's stdin. */
  public void closeStdin(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    ask(Request.of(Request.CLOSE_STDIN), "close stdin", timeout);
  }

  private void ask(ByteBuffer request, String name, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    try (Connection connection = Connection.open(control, poller, deadline)) {
      connection.send(request, List.of(), deadline);
      connection.expect(Message.OK, name, deadline);
    }
  }

  /**
   * What a process reads and writes by: ends of pipes, or sockets, for the shim. They stay the
   * caller's, who closes them after the call, or would never see an end. An absent one is
   * /dev/null.
   *
   * <p>An attachment's must not be regular files.
   */
  public record Streams(Optional<Fd> stdin, Optional<Fd> stdout, Optional<Fd> stderr) {
    public static final Streams NONE =
        new Streams(Optional.empty(), Optional.empty(), Optional.empty());

    List<Fd> present() {
      List<Fd> all = new ArrayList<>();
      stdin.ifPresent(all::add);
      stdout.ifPresent(all::add);
      stderr.ifPresent(all::add);
      return all;
    }

    int flags(int inFlag, int outFlag, int errFlag) {
      return (stdin.isPresent() ? inFlag : 0)
          | (stdout.isPresent() ? outFlag : 0)
          | (stderr.isPresent() ? errFlag : 0);
    }
  }

  /**
   * Attaches to the container's stdio: live copies of its output, and bytes for its stdin. A client
   * that reads too slowly loses its stream.
   *
   * @throws ShimRefusal EPIPE when the container has no stdin
   */
  public Attachment attach(Streams streams, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    int flags = streams.flags(Request.ATTACH_STDIN, Request.ATTACH_STDOUT, Request.ATTACH_STDERR);
    Connection connection = Connection.open(control, poller, deadline);
    try {
      connection.send(Request.of(Request.ATTACH, flags), streams.present(), deadline);
      connection.expect(Message.OK, "attach", deadline);
      return new Attachment(connection);
    } catch (Throwable e) { // whatever it is, the connection must not stay
      connection.close();
      throw e;
    }
  }

  /** Asks to be told when the container ends. */
  public ExitWatch subscribe(Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    Connection connection = Connection.open(control, poller, deadline);
    try {
      connection.send(Request.of(Request.SUBSCRIBE), List.of(), deadline);
      connection.expect(Message.OK, "subscribe", deadline);
      return new ExitWatch(connection);
    } catch (Throwable e) {
      connection.close();
      throw e;
    }
  }

  /**
   * Starts a process in the container. Closing the session before it has ended kills it.
   *
   * @param streams its stdio; none with a terminal
   * @throws StartFailure if it did not start
   */
  public ExecSession exec(ExecPlan plan, Streams streams, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    Plan compiled = plan.compile();
    Connection connection = Connection.open(control, poller, deadline);
    try {
      sendExec(connection, compiled, plan.terminal().isPresent(), streams, deadline);
      return ExecSession.awaitStart(connection, compiled, deadline);
    } catch (Throwable e) {
      connection.close();
      throw e;
    }
  }

  private static void sendExec(
      Connection connection, Plan plan, boolean terminal, Streams streams, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    if (terminal && !streams.present().isEmpty()) {
      throw new IllegalArgumentException("a terminal takes the place of all streams");
    }
    int flags =
        Request.EXEC_BOUND
            | (terminal ? Request.EXEC_TERMINAL : 0)
            | streams.flags(Request.EXEC_STDIN, Request.EXEC_STDOUT, Request.EXEC_STDERR);
    ByteBuffer encoded = plan.encode();
    if (encoded.remaining() <= LARGEST_MESSAGE) {
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      connection.send(Request.exec(flags, bytes), streams.present(), deadline);
      return;
    }
    try (Fd memory = Opens.memory("plan")) {
      Descriptors.writeAll(memory, encoded);
      List<Fd> descriptors = new ArrayList<>(List.of(memory));
      descriptors.addAll(streams.present());
      ByteBuffer request = Request.exec(flags | Request.EXEC_PLAN_FD, new byte[0]);
      connection.send(request, descriptors, deadline);
    }
  }
}
