package dev.hearth.runtime.container;

import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.shim.ExecSession;
import dev.hearth.shim.ShimClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** Runs a command in a container to its end and answers what it wrote. */
public final class ExecSync {
  private static final Duration NO_LIMIT = Duration.ofDays(365);

  /** How long output is awaited once the command has ended, if a child of its holds it open. */
  private static final Duration DRAIN = Duration.ofSeconds(1);

  private final Containers containers;
  private final BeginExec exec;
  private final Poller poller;
  private final OutputBudget budget = new OutputBudget();

  /**
   * What came of it.
   *
   * @param stdout in blocks, so that it need not be copied
   * @param exitCode 0–255; 128 + n when signal n ended it
   */
  public record Result(List<byte[]> stdout, List<byte[]> stderr, int exitCode) {}

  public ExecSync(Containers containers, BeginExec exec, Poller poller) {
    this.containers = containers;
    this.exec = exec;
    this.poller = poller;
  }

  /**
   * @param id or a unique prefix of one
   * @param timeout after which the command is killed with all of its session; absent for none
   * @throws HearthException.TimedOut if it ran that long
   * @throws HearthException.WrongState if the container is not running
   */
  public Result run(String id, List<String> command, Optional<Duration> timeout) {
    if (command.isEmpty()) {
      throw new HearthException.InvalidRequest("no command to execute");
    }
    Container container = containers.require(id);
    try {
      return run(container, command, timeout);
    } catch (TimeoutException e) {
      throw new HearthException.TimedOut(
          "command '"
              + command.getFirst()
              + "' in container "
              + container.id()
              + " was killed: it ran longer than "
              + timeout.map(Duration::toSeconds).orElse(0L)
              + " s");
    } catch (Exception e) {
      throw ContainerFailure.of("command could not be run in container " + container.id(), e);
    }
  }

  private Result run(Container container, List<String> command, Optional<Duration> timeout)
      throws Exception {
    try (Opens.Pipe out = Opens.pipe();
        Opens.Pipe err = Opens.pipe()) {
      ExecSession session;
      try {
        session =
            exec.begin(
                container,
                command,
                Optional.empty(),
                new ShimClient.Streams(
                    Optional.empty(), Optional.of(out.writer()), Optional.of(err.writer())));
      } finally {
        out.writer().close();
        err.writer().close();
      }
      // Closing the session kills a command that still runs.
      try (session;
          OutputBudget.Share share = budget.begin()) {
        OutputCollector stdout = OutputCollector.start(out.reader(), poller, share);
        OutputCollector stderr = OutputCollector.start(err.reader(), poller, share);
        int code = session.await(timeout.orElse(NO_LIMIT)).shellCode();
        Result result = new Result(stdout.await(DRAIN), stderr.await(DRAIN), code);
        share.requireAll();
        return result;
      }
    }
  }
}
