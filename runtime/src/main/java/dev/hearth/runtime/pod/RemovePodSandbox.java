package dev.hearth.runtime.pod;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Steps;
import java.util.Optional;

/**
 * Removes a sandbox with all its containers, stopping it first where need be. Removing one that is
 * gone succeeds. Its record is the last thing to disappear.
 */
public final class RemovePodSandbox {
  private final Pods pods;
  private final SandboxParts parts;
  private final PodContainers containers;
  private final StopPodSandbox stop;
  private final NodePlugins plugins;
  private final ContainerEvents events;
  private final Failpoints failpoints;

  public RemovePodSandbox(
      Pods pods,
      SandboxParts parts,
      PodContainers containers,
      StopPodSandbox stop,
      NodePlugins plugins,
      ContainerEvents events,
      Failpoints failpoints) {
    this.pods = pods;
    this.parts = parts;
    this.containers = containers;
    this.stop = stop;
    this.plugins = plugins;
    this.events = events;
    this.failpoints = failpoints;
  }

  /**
   * @param id or a unique prefix of one
   */
  public void remove(String id) {
    Optional<Pod> found = pods.find(id);
    if (found.isEmpty()) {
      return;
    }
    Pod pod = found.get();
    pod.exclusive().lock();
    try {
      if (!pod.gone()) {
        remove(pod);
      }
    } finally {
      pod.exclusive().unlock();
    }
  }

  /**
   * Removes what was never wholly made: should this daemon die of it, the next one goes on. Under
   * the lock.
   */
  public void discard(Pod pod) {
    pod.settle(pod.record().with(new PodState.Removing()));
    remove(pod);
  }

  /** Carries the removal out, or goes on with it. Under the lock. */
  public void remove(Pod pod) {
    stop.stop(pod);
    Steps steps = new Steps(failpoints, "RemovePodSandbox");
    try {
      steps.run("containers", () -> containers.removeAll(pod.id()));
      steps.run("record intent", () -> pod.settle(pod.record().with(new PodState.Removing())));
      steps.run("files", () -> parts.deleteFiles(pod));
      steps.run("forget", pod::forget);
    } catch (Exception e) {
      throw PodFailure.of("pod sandbox " + pod.id() + " could not be removed", e);
    }
    pods.withdraw(pod);
    events.publish(ContainerEvent.Kind.DELETED, pod.record());
    plugins.podRemoved(pod.record());
  }
}
