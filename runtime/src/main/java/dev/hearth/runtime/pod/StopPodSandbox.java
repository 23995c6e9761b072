package dev.hearth.runtime.pod;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Steps;
import java.util.Optional;

/**
 * Stops a sandbox: kills what still runs in it and gives its network back. Stopping one that is
 * stopped or gone succeeds; so does repeating a stop that was cut off.
 */
public final class StopPodSandbox {
  private final Pods pods;
  private final SandboxParts parts;
  private final PodContainers containers;
  private final NodePlugins plugins;
  private final ContainerEvents events;
  private final Failpoints failpoints;

  public StopPodSandbox(
      Pods pods,
      SandboxParts parts,
      PodContainers containers,
      NodePlugins plugins,
      ContainerEvents events,
      Failpoints failpoints) {
    this.pods = pods;
    this.parts = parts;
    this.containers = containers;
    this.plugins = plugins;
    this.events = events;
    this.failpoints = failpoints;
  }

  /**
   * @param id or a unique prefix of one
   */
  public void stop(String id) {
    Optional<Pod> found = pods.find(id);
    if (found.isEmpty()) {
      return;
    }
    Pod pod = found.get();
    pod.exclusive().lock();
    try {
      if (!pod.gone() && !(pod.state() instanceof PodState.Removing)) {
        stop(pod);
      }
    } finally {
      pod.exclusive().unlock();
    }
  }

  /** One that is being removed stays so, or the next start would not go on with that. */
  private static void recordStopped(Pod pod) {
    if (!(pod.state() instanceof PodState.Removing)) {
      pod.settle(pod.record().with(new PodState.Stopped()));
    }
  }

  /** Carries the stop out, from the beginning even if it was done before. Under the lock. */
  public void stop(Pod pod) {
    Steps steps = new Steps(failpoints, "StopPodSandbox");
    boolean wasReady = pod.ready();
    try {
      steps.run("containers", () -> containers.stopAll(pod.id()));
      if (wasReady) {
        steps.run("plugins", () -> plugins.podStopped(pod.record()));
      }
      steps.run("pause", () -> parts.stopPause(pod));
      steps.run("network", () -> parts.disconnect(pod));
      steps.run("shm", () -> parts.unmountShm(pod));
      steps.run("namespaces", () -> parts.dropNamespaces(pod));
      steps.run("cgroup", () -> parts.removeCgroup(pod));
      steps.run("record stopped", () -> recordStopped(pod));
    } catch (Exception e) {
      throw PodFailure.of("pod sandbox " + pod.id() + " could not be stopped", e);
    }
    if (wasReady) {
      events.publish(ContainerEvent.Kind.STOPPED, pod.record());
    }
  }
}
