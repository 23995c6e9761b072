package dev.hearth.runtime.container;

import dev.hearth.runtime.checkpoint.CheckpointException;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;

/** Checkpoints of whole pods: every request is refused, with the nearest reason. */
public final class PodCheckpoints {
  private final Pods pods;
  private final Checkpoints checkpoints;

  public PodCheckpoints(Pods pods, Checkpoints checkpoints) {
    this.pods = pods;
    this.checkpoints = checkpoints;
  }

  /**
   * @throws HearthException.NotFound if there is no such pod
   * @throws HearthException.WrongState if it is not ready, or criu is not there or does not work
   * @throws HearthException.Unsupported if it does
   */
  public void save(String id) {
    Pod pod = pods.require(id);
    if (!pod.ready()) {
      throw new HearthException.WrongState(
          "pod sandbox " + pod.id() + " is not ready: there is nothing to checkpoint");
    }
    refuse("pod sandbox " + pod.id() + " cannot be checkpointed");
  }

  /**
   * @param path of the checkpoint
   */
  public void restore(String path) {
    if (path.isEmpty()) {
      throw new HearthException.InvalidRequest("no checkpoint_path to restore a pod from");
    }
    refuse("no pod can be restored from " + path);
  }

  private void refuse(String what) {
    try {
      checkpoints.requireCriu();
    } catch (CheckpointException | InterruptedException e) {
      throw ContainerFailure.of(what, e);
    }
    throw new HearthException.Unsupported(
        what + ": this release saves containers one by one, not pods");
  }
}
