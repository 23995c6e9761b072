package dev.hearth.runtime.container;

import dev.hearth.runtime.checkpoint.CheckpointException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.PodFailure;
import dev.hearth.runtime.snapshot.SnapshotException;

/** Checked exceptions of the packages below into what a caller can act on. */
final class ContainerFailure {
  private ContainerFailure() {}

  /**
   * @param what the beginning of the message: what failed, on which object
   */
  static HearthException of(String what, Exception cause) {
    if (cause instanceof SnapshotException e) {
      String message = what + ": " + e.getMessage();
      return switch (e.reason()) {
        case NO_SUCH_PATH -> new HearthException.InvalidRequest(message, e);
        case MISSING_LAYER, NOT_MAPPABLE -> new HearthException.WrongState(message, e);
        case TOO_MANY_LAYERS -> new HearthException.LimitReached(message, e);
        case UNKNOWN_CONTAINER, CONFLICT -> new HearthException.HostFailure(message, e);
      };
    }
    if (cause instanceof CheckpointException e) {
      String message = what + ": " + e.getMessage();
      return switch (e.reason()) {
        case BAD_ARCHIVE -> new HearthException.InvalidRequest(message, e);
        case NO_CRIU, NOT_SAVED, NOT_RESTORED -> new HearthException.WrongState(message, e);
      };
    }
    return PodFailure.of(what, cause);
  }
}
