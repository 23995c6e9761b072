package dev.hearth.runtime.container;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.image.CollectGarbage;
import dev.hearth.runtime.image.Images;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.Steps;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Removes a container, killing it first if it runs. Removing one that is gone succeeds. Its record
 * is the last thing to disappear; its log stays, since that is the caller's.
 */
public final class RemoveContainer {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  private final Containers containers;
  private final StopContainer stop;
  private final ContainerParts parts;
  private final Images images;
  private final CollectGarbage garbage;
  private final NodePlugins plugins;
  private final ContainerEvents events;
  private final InstantSource clock;
  private final Failpoints failpoints;

  public RemoveContainer(
      Containers containers,
      StopContainer stop,
      ContainerParts parts,
      Images images,
      CollectGarbage garbage,
      NodePlugins plugins,
      ContainerEvents events,
      InstantSource clock,
      Failpoints failpoints) {
    this.containers = containers;
    this.stop = stop;
    this.parts = parts;
    this.images = images;
    this.garbage = garbage;
    this.plugins = plugins;
    this.events = events;
    this.clock = clock;
    this.failpoints = failpoints;
  }

  /**
   * @param id or a unique prefix of one
   */
  public void remove(String id) {
    containers.find(id).ifPresent(this::remove);
  }

  /** Carries the removal out, or goes on with it. */
  public void remove(Container container) {
    stop.stop(container, Duration.ZERO);
    container.lock().lock();
    try {
      if (!container.gone()) {
        takeAway(container);
      }
    } finally {
      container.lock().unlock();
    }
  }

  private void takeAway(Container container) {
    // One that never started has not ended either; plugins set something aside for it.
    container.tellStopped(plugins);
    Steps steps = new Steps(failpoints, "RemoveContainer");
    try {
      steps.run("record intent", () -> recordRemoving(container));
      steps.run("cgroup", () -> parts.removeCgroup(container.record()));
      steps.run("state directory", () -> parts.deleteState(container.id()));
      steps.run("snapshot", () -> parts.removeSnapshot(container.id()));
      steps.run("checkpoint", () -> parts.deleteCheckpoint(container.id()));
      steps.run("own layer", () -> parts.removeOwnLayer(container.record(), images));
      steps.run("forget", container::forget);
    } catch (Exception e) {
      throw ContainerFailure.of("container " + container.id() + " could not be removed", e);
    }
    containers.withdraw(container);
    freeImage(container);
    events.publish(ContainerEvent.Kind.DELETED, container.podId(), container.id());
    plugins.containerRemoved(container.record());
  }

  /** A full disk is no reason to keep what fills it; the steps may be repeated without a record. */
  private void recordRemoving(Container container) {
    ContainerState.Exited last =
        switch (container.state()) {
          case ContainerState.Exited exited -> exited;
          case ContainerState.Removing removing -> removing.last();
          case ContainerState.Creating _, ContainerState.Created _, ContainerState.Running _ ->
              new ContainerState.Exited(
                  Optional.empty(), clock.instant(), 0, "Removed", "it was never started");
        };
    container.settle(container.record().with(new ContainerState.Removing(last)));
  }

  /** An image removed under its container kept its layers until now. */
  private void freeImage(Container container) {
    boolean volumes =
        container.spec().mounts().stream().anyMatch(mount -> !mount.image().isEmpty());
    if (!volumes && images.find(container.record().imageId()).isPresent()) {
      return;
    }
    Thread.ofVirtual()
        .name("collect-garbage")
        .start(() -> {
          try {
            garbage.collect();
          } catch (HearthException e) {
            LOG.log(
                System.Logger.Level.WARNING,
                "layers of a removed image are left: {0}",
                e.getMessage());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }
}
