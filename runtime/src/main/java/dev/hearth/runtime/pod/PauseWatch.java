package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.NamespaceMode;
import java.time.Duration;

/**
 * Waits for the end of the process 1 of pods that have one. With it their PID namespace and all
 * processes in that have died, and no container can join it: such a pod is stopped, so that the
 * kubelet sees it not ready and makes another.
 */
public final class PauseWatch {
  private static final System.Logger LOG = System.getLogger("dev.hearth.pod");

  /** How long to wait before a stop that failed is tried again. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final SandboxParts parts;
  private final StopPodSandbox stop;

  public PauseWatch(SandboxParts parts, StopPodSandbox stop) {
    this.parts = parts;
    this.stop = stop;
  }

  /** Begins to watch over a pod that is ready, if there is anything to watch. */
  public void watch(Pod pod) {
    if (pod.spec().namespaces().pid() == NamespaceMode.POD) {
      Thread.ofVirtual()
          .name("pause-" + pod.id().value().substring(0, 13))
          .start(() -> {
            try {
              while (!settled(pod)) {
                Thread.sleep(PATIENCE);
              }
            } catch (InterruptedException e) {
              // The daemon is stopping; the next one looks at every pod.
              Thread.currentThread().interrupt();
            }
          });
    }
  }

  /** Whether there is nothing to watch any more. */
  private boolean settled(Pod pod) throws InterruptedException {
    try {
      parts.awaitPauseEnd(pod);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "process 1 of pod sandbox " + pod.id() + " cannot be watched; trying again",
          e);
      return false;
    }
    pod.exclusive().lock();
    try {
      if (pod.gone() || !pod.ready()) {
        return true;
      }
      LOG.log(
          System.Logger.Level.WARNING,
          "pod sandbox {0} is stopped: process 1 of its PID namespace was killed",
          pod.id());
      stop.stop(pod);
      return true;
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "pod sandbox " + pod.id() + ", whose process 1 was killed, could not be stopped",
          e);
      return false;
    } finally {
      pod.exclusive().unlock();
    }
  }
}
