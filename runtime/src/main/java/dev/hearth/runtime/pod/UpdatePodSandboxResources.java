package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.store.StoreException;

/**
 * Records what a pod as a whole is to use. As with the peers nothing is limited by it: the kubelet
 * limits the pod's parent group itself, and its sums leave out containers without limits, so that
 * enforcing them would kill.
 */
public final class UpdatePodSandboxResources {
  private final Pods pods;
  private final NodePlugins plugins;

  public UpdatePodSandboxResources(Pods pods, NodePlugins plugins) {
    this.pods = pods;
    this.plugins = plugins;
  }

  /**
   * @param id or a unique prefix of one
   * @throws HearthException.WrongState if the sandbox is not ready
   */
  public void update(String id, Resources overhead, Resources resources) {
    Pod pod = pods.require(id);
    pod.exclusive().lock();
    try (NodePlugins.Turn turn = plugins.begin()) {
      if (pod.gone() || !(pod.state() instanceof PodState.Ready)) {
        throw new HearthException.WrongState("pod sandbox " + pod.id() + " is not ready");
      }
      turn.updating(pod.record(), overhead, resources);
      pod.replace(pod.record().with(pod.spec().withResources(overhead, resources)));
      turn.updated(pod.record());
    } catch (StoreException e) {
      throw PodFailure.of("the resources of pod sandbox " + pod.id() + " could not be changed", e);
    } finally {
      pod.exclusive().unlock();
    }
  }
}
