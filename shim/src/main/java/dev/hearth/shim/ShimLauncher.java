package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Starts containers, each under a shim of its own. Any number of threads may, at once.
 *
 * <p>What runs is a copy of the program, made once, as an upgrade may replace the file at any time.
 */
public final class ShimLauncher implements AutoCloseable {
  private final Fd program;
  private final Fd mountBase;
  private final ShimRun run;

  /**
   * Takes a copy of the program, and runs it once to make what containers start from.
   *
   * @throws IOException if it cannot be read, copied or run
   */
  public ShimLauncher(Poller poller, Path program) throws IOException {
    this(poller, ProgramCopy.of(program));
  }

  ShimLauncher(Poller poller, Fd program) throws IOException {
    this.program = program;
    run = new ShimRun(poller, program);
    try {
      mountBase = MountBase.make(run);
    } catch (IOException e) {
      this.program.close();
      throw e;
    }
  }

  /**
   * Starts a container, and returns when its program runs. One that came to run just when the time
   * was up is returned all the same.
   *
   * @throws StartFailure if the shim said why it does not; then nothing of it is left
   * @throws TimeoutException if it did not say in time; then it is called off, and nothing of it is
   *     left, unless it hangs where nobody can wake it
   * @throws LinuxException if the shim itself could not be started
   */
  public StartedContainer launch(LaunchPlan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    return run.launch(plan.compile(mountBase), timeout);
  }

  /**
   * Makes and pins namespaces.
   *
   * @throws StartFailure if that failed; files it bound before are left
   */
  public void pin(PinPlan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    run.run(plan.compile(), timeout);
  }

  @Override
  public void close() {
    mountBase.close();
    program.close();
  }
}
