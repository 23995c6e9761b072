package dev.hearth.runtime.container;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.shim.Attachment;
import dev.hearth.shim.ShimClient;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimRefusal;
import dev.hearth.shim.WindowSize;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** Connects a client to the stdio of a container's first process. */
public final class AttachContainer {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final ContainerProcesses processes;

  public AttachContainer(ContainerProcesses processes) {
    this.processes = processes;
  }

  /**
   * @throws HearthException.WrongState if the container is not running, or its stdin has ended
   */
  public Attachment attach(Container container, ShimClient.Streams streams) {
    var _ = container.running();
    try {
      return processes.shim(container.id()).attach(streams, ANSWER);
    } catch (ShimRefusal e) {
      if (e.is(Errno.EBUSY)) {
        // A shim of an earlier release lets one client write.
        throw new HearthException.WrongState(
            "another client writes to container " + container.id() + "; attach without stdin", e);
      }
      if (e.is(Errno.EPIPE)) {
        throw new HearthException.WrongState(
            "the stdin of container " + container.id() + " has ended; attach without it", e);
      }
      throw failure(container, e);
    } catch (ShimException | LinuxException | TimeoutException | InterruptedException e) {
      throw failure(container, e);
    }
  }

  private static HearthException failure(Container container, Exception cause) {
    return ContainerFailure.of("container " + container.id() + " could not be attached to", cause);
  }

  /** Resizes the container's terminal; a container that has none, or has ended, is left alone. */
  public void resize(Container container, WindowSize size) throws InterruptedException {
    try {
      processes.shim(container.id()).resize(size, ANSWER);
    } catch (ShimException | LinuxException | TimeoutException e) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "the terminal of container {0} was not resized: {1}",
          container.id(),
          e.getMessage());
    }
  }
}
