package dev.hearth.runtime.container;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.PodFailure;

/** Checked exceptions of the packages below into what a caller can act on. */
final class ContainerFailure {
  private ContainerFailure() {}

  /**
   * @param what the beginning of the message: what failed, on which object
   */
  static HearthException of(String what, Exception cause) {
    return PodFailure.of(what, cause);
  }
}
