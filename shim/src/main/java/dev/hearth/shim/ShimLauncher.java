package dev.hearth.shim;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Starts containers, each under a shim of its own. Any number of threads may, at once.
 *
 * <p>The program is copied into a sealed memory file and run from there: a container that got hold
 * of the file it was started from could otherwise write to the host's copy (CVE-2019-5736), and an
 * upgrade may replace that file at any time.
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
    this.program = copy(program);
    run = new ShimRun(poller, this.program);
    try {
      mountBase = MountBase.make(run);
    } catch (IOException e) {
      this.program.close();
      throw e;
    }
  }

  private static Fd copy(Path program) throws IOException {
    byte[] content = Files.readAllBytes(program);
    Fd copy = Opens.memory("hearth-shim");
    try {
      Descriptors.writeAll(copy, ByteBuffer.wrap(content));
      Descriptors.seal(copy);
      return copy;
    } catch (LinuxException e) {
      copy.close();
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
