package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.PodId;

/** What a sandbox must be able to do to its containers, which it knows nothing else about. */
public interface PodContainers {
  /**
   * Kills every container of the pod that still runs and waits until each is recorded as exited.
   * The caller holds the pod's exclusive lock.
   */
  void stopAll(PodId pod);

  /** Removes every container of the pod. The caller holds the pod's exclusive lock. */
  void removeAll(PodId pod);
}
