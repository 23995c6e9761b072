package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.StopSignal;
import java.time.Duration;
import java.util.Optional;

/**
 * Stops a container: its stop signal, a grace period, then SIGKILL. Stopping one that is not
 * running succeeds.
 *
 * <p>No lock is held while waiting, and every call has a deadline of its own: a second call with a
 * shorter grace period kills earlier, and the first then returns too.
 */
public final class StopContainer {
  /** How long a killed process may take to be gone and recorded. */
  private static final Duration AFTER_KILL = Duration.ofSeconds(20);

  /** How often one that is being saved is let go, until its processes have met the signal. */
  private static final Duration THAWING = Duration.ofMillis(500);

  private final Containers containers;
  private final ContainerProcesses processes;
  private final ContainerParts parts;
  private final NodePlugins plugins;

  public StopContainer(
      Containers containers,
      ContainerProcesses processes,
      ContainerParts parts,
      NodePlugins plugins) {
    this.containers = containers;
    this.processes = processes;
    this.parts = parts;
    this.plugins = plugins;
  }

  /**
   * @param id or a unique prefix of one
   * @param grace zero kills at once
   * @throws HearthException.TimedOut if even the killed process does not go away
   */
  public void stop(String id, Duration grace) {
    if (grace.isNegative()) {
      throw new HearthException.InvalidRequest(
          "the grace period of a stop cannot be negative: " + grace.toSeconds() + " s");
    }
    Optional<Container> container = containers.find(id);
    if (container.isPresent()) {
      stop(container.get(), grace);
    }
  }

  /**
   * As {@link #stop(String, Duration)}. The caller may hold the pod's lock, not the container's.
   */
  void stop(Container container, Duration grace) {
    if (settledRunning(container)) {
      end(container, grace);
    }
    if (container.state() instanceof ContainerState.Exited) {
      container.tellStopped(plugins);
    }
  }

  private void end(Container container, Duration grace) {
    try {
      if (!grace.isZero()) {
        processes.signal(container, StopSignal.of(container.record()).number());
        if (container.awaitEnd(grace)) {
          return;
        }
      }
      processes.kill(container);
      if (!awaitKilled(container)) {
        throw new HearthException.TimedOut(
            "container "
                + container.id()
                + " was killed and is still there after "
                + AFTER_KILL.toSeconds()
                + " s: a process in it hangs in the kernel, perhaps on a dead file system");
      }
    } catch (InterruptedException e) {
      throw ContainerFailure.of("container " + container.id() + " could not be stopped", e);
    }
  }

  /**
   * A frozen process of a cgroup v1 takes no signal, so what is being saved meanwhile is let go.
   */
  private boolean awaitKilled(Container container) throws InterruptedException {
    long end = System.nanoTime() + AFTER_KILL.toNanos();
    while (parts.letGoIfSaved(container.record())) {
      if (container.awaitEnd(THAWING)) {
        return true;
      }
      if (System.nanoTime() - end > 0) {
        return false;
      }
    }
    return container.awaitEnd(AFTER_KILL);
  }

  /** Waits for a start under way, then says whether it runs. What may run unseen is killed. */
  private boolean settledRunning(Container container) {
    container.lock().lock();
    try {
      if (container.inDoubt() && container.state() instanceof ContainerState.Created) {
        parts.clearProcesses(container.record());
      }
      return container.state() instanceof ContainerState.Running;
    } finally {
      container.lock().unlock();
    }
  }
}
