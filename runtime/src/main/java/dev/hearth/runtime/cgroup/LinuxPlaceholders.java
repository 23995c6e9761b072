package dev.hearth.runtime.cgroup;

import dev.hearth.linux.Child;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.Signals;
import dev.hearth.linux.Spawn;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * The shim's program, waiting for the end of its standard input. The other end of that is the
 * daemon's alone, so that no placeholder outlives it.
 */
final class LinuxPlaceholders implements Placeholders {
  private static final System.Logger LOG = System.getLogger(LinuxPlaceholders.class.getName());

  private static final Duration END = Duration.ofSeconds(5);

  private final Path program;
  private final Poller poller;

  LinuxPlaceholders(Path program, Poller poller) {
    this.program = program;
    this.poller = poller;
  }

  @Override
  public Held start() throws CgroupException {
    try {
      Opens.Pipe pipe = Opens.pipe();
      try (Fd read = pipe.reader()) {
        return new Waiting(
            Child.start(
                new Spawn(
                    program, List.of("hearth-shim", "hold"), Map.of(), Map.of(0, read), true)),
            pipe.writer());
      } catch (LinuxException e) {
        pipe.writer().close();
        throw e;
      }
    } catch (LinuxException e) {
      throw new CgroupException(
          Reason.FAILED, "start a process to hold a scope: " + e.getMessage(), e);
    }
  }

  private final class Waiting implements Held {
    private final Child child;
    private final Fd write;

    private Waiting(Child child, Fd write) {
      this.child = child;
      this.write = write;
    }

    @Override
    public int pid() {
      return child.pid();
    }

    @Override
    public void release() throws InterruptedException {
      write.close();
      try {
        try {
          child.await(poller, END);
        } catch (TimeoutException e) {
          child.signal(Signals.KILL);
          child.await(poller, END);
        }
      } catch (LinuxException | TimeoutException e) {
        LOG.log(Level.WARNING, "a process that held a scope cannot be reaped", e);
      } finally {
        child.close();
      }
    }
  }
}
