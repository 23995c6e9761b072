package dev.hearth.runtime.container;

import dev.hearth.linux.Fd;
import dev.hearth.runtime.cgroup.Seat;
import dev.hearth.runtime.checkpoint.CheckpointException;
import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.Steps;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.shim.StartFailure;
import java.io.IOException;
import java.time.InstantSource;

/**
 * Starts a container under a shim of its own. Starting one that runs already succeeds.
 *
 * <p>What the process itself fails at, such as a missing program, ends the container: the kubelet
 * sees it exited with the reason. What the host fails at leaves it as it was, to be started again.
 */
public final class StartContainer {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  private final Pods pods;
  private final Containers containers;
  private final ContainerParts parts;
  private final ContainerPlanner planner;
  private final ContainerProcesses processes;
  private final ContainerExits exits;
  private final NodePlugins plugins;
  private final ContainerEvents events;
  private final InstantSource clock;
  private final Failpoints failpoints;

  public StartContainer(
      Pods pods,
      Containers containers,
      ContainerParts parts,
      ContainerPlanner planner,
      ContainerProcesses processes,
      ContainerExits exits,
      NodePlugins plugins,
      ContainerEvents events,
      InstantSource clock,
      Failpoints failpoints) {
    this.pods = pods;
    this.containers = containers;
    this.parts = parts;
    this.planner = planner;
    this.processes = processes;
    this.exits = exits;
    this.plugins = plugins;
    this.events = events;
    this.clock = clock;
    this.failpoints = failpoints;
  }

  /**
   * @param id or a unique prefix of one
   * @throws HearthException.WrongState if it has exited, or its pod is not ready
   */
  public void start(String id) {
    Container container = containers.require(id);
    Pod pod = pods.require(container.podId().value());
    pod.shared().lock();
    try {
      container.lock().lock();
      try {
        startLocked(pod, container);
      } finally {
        container.lock().unlock();
      }
    } finally {
      pod.shared().unlock();
    }
  }

  private void startLocked(Pod pod, Container container) {
    switch (container.state()) {
      case ContainerState.Running _ -> {}
      case ContainerState.Created _ -> {
        if (!pod.ready()) {
          throw new HearthException.WrongState(
              "container " + container.id() + " cannot start: its pod sandbox is not ready");
        }
        if (container.inDoubt()) {
          throw new HearthException.Busy(
              "container "
                  + container.id()
                  + " cannot start now: an earlier start may have come to run, and its shim does"
                  + " not answer; try again, or stop or remove the container");
        }
        try (NodePlugins.Turn turn = plugins.begin()) {
          launch(pod, container, turn);
        }
      }
      case ContainerState.Creating _, ContainerState.Exited _, ContainerState.Removing _ ->
          throw new HearthException.WrongState(
              "container "
                  + container.id()
                  + " is "
                  + container.state().getClass().getSimpleName()
                  + "; only a created one can be started");
    }
  }

  private void launch(Pod pod, Container container, NodePlugins.Turn turn) {
    Steps steps = new Steps(failpoints, "StartContainer");
    try {
      steps.run("plugins", () -> turn.starting(container.record()));
      ContainerState.Running running;
      try (Seat seat =
              steps.make(
                  "cgroup",
                  () ->
                      parts.makeCgroup(
                          pod.record(),
                          container.record(),
                          planner.deviceRules(pod.record(), container.record())),
                  () -> parts.removeCgroup(container.record()));
          Fd root =
              steps.make(
                  "root file system",
                  () -> parts.mountRoot(pod.record(), container.id()),
                  () -> {})) {
        running =
            steps.make(
                "launch",
                () -> processes.launch(pod.record(), container.record(), seat, root),
                () -> callOff(container));
      }
      steps.run("record running", () -> container.replace(container.record().with(running)));
    } catch (Exception e) {
      HearthException failure =
          ContainerFailure.of("container " + container.id() + " could not be started", e);
      steps.undo(failure);
      recordFailure(container, e, failure);
      throw failure;
    }
    forgetCheckpoint(container);
    events.publish(ContainerEvent.Kind.STARTED, container.podId(), container.id());
    turn.started(container.record());
    exits.watch(container);
  }

  /**
   * What it was restored from is of no more use; what cannot be deleted goes with the container.
   */
  private void forgetCheckpoint(Container container) {
    try {
      parts.deleteCheckpoint(container.id());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the checkpoint of container {0} is left: {1}",
          container.id(),
          e.getMessage());
    }
  }

  /** Ends what a launch began, shim and all: it must not meddle with the next one. */
  private void callOff(Container container) throws Exception {
    processes.kill(container);
    parts.clearProcesses(container.record());
    processes.awaitShimEnd(container);
    parts.clearStart(container.record());
  }

  private void recordFailure(Container container, Exception cause, HearthException failure) {
    boolean notRestored =
        cause instanceof CheckpointException e
            && e.reason() == CheckpointException.Reason.NOT_RESTORED;
    if (!(cause instanceof StartFailure) && !notRestored) {
      return;
    }
    container.settle(
        container.record().with(ContainerExits.neverRan(clock.instant(), "StartError", failure)));
    events.publish(ContainerEvent.Kind.STOPPED, container.podId(), container.id());
    container.tellStopped(plugins);
  }
}
