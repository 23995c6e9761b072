package dev.hearth.runtime.container;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Waits for the end of every container that runs, and records it. */
public final class ContainerExits {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  /** Exit code of a container whose process never came to run, as shells have it. */
  private static final int START_FAILED = 128;

  /** How long to wait before a failed wait is begun again. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final ContainerProcesses processes;
  private final ContainerParts parts;
  private final NodePlugins plugins;
  private final ContainerEvents events;

  public ContainerExits(
      ContainerProcesses processes,
      ContainerParts parts,
      NodePlugins plugins,
      ContainerEvents events) {
    this.processes = processes;
    this.parts = parts;
    this.plugins = plugins;
    this.events = events;
  }

  /** The state of a container whose process never came to run. */
  static ContainerState.Exited neverRan(Instant at, String reason, HearthException failure) {
    return new ContainerState.Exited(
        Optional.empty(), at, START_FAILED, reason, String.valueOf(failure.getMessage()));
  }

  /** Begins to wait for the end of a container that runs. */
  public void watch(Container container) {
    Thread.ofVirtual()
        .name("exit-" + container.id().value().substring(0, 13))
        .start(() -> await(container));
  }

  private void await(Container container) {
    try {
      while (!container.gone()) {
        try {
          record(container, processes.awaitEnd(container));
          return;
        } catch (RuntimeException e) {
          // Nobody else would ever tell of this end.
          LOG.log(
              System.Logger.Level.ERROR,
              "the end of container " + container.id() + " cannot be awaited; trying again",
              e);
          Thread.sleep(PATIENCE);
        }
      }
    } catch (InterruptedException e) {
      // The daemon is stopping; the next one takes the container over.
      Thread.currentThread().interrupt();
    }
  }

  /** Records an end, unless one is recorded already, and clears away what ran. */
  public void record(Container container, ContainerState.Exited exited) {
    container.lock().lock();
    try {
      if (container.gone()
          || container.state() instanceof ContainerState.Exited
          || container.state() instanceof ContainerState.Removing) {
        return;
      }
      // What the first process left behind, in a shared PID namespace, ends with it.
      parts.clearProcesses(container.record());
      container.settle(container.record().with(exited));
      // Before anybody else can change the container: its removal must not be told first.
      events.publish(ContainerEvent.Kind.STOPPED, container.podId(), container.id());
    } finally {
      container.lock().unlock();
    }
    LOG.log(
        System.Logger.Level.INFO,
        "container {0} ended: {1} ({2})",
        container.id().value().substring(0, 13),
        Integer.toString(exited.exitCode()),
        exited.reason());
    container.tellStopped(plugins);
  }
}
