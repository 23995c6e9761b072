package dev.hearth.runtime.pod;

import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.network.NetworkException;

/** Checked exceptions of the packages below into what a caller can act on. */
public final class PodFailure {
  private PodFailure() {}

  /**
   * @param what the beginning of the message: what failed, on which object
   */
  public static HearthException of(String what, Exception cause) {
    String message = what + ": " + cause.getMessage();
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return new HearthException.Busy(what + ": the daemon is stopping", cause);
    }
    return switch (cause) {
      case HearthException e -> e;
      case NetworkException.Invalid e -> new HearthException.InvalidRequest(message, e);
      case NetworkException.Exhausted e -> new HearthException.LimitReached(message, e);
      case NetworkException.HostPortTaken e -> new HearthException.WrongState(message, e);
      case NetworkException.NotConfigured e -> new HearthException.Busy(message, e);
      case NetworkException.PluginFailed e when e.passing() -> new HearthException.Busy(message, e);
      case NetworkException.TimedOut _ -> new HearthException.TimedOut(message);
      case CgroupException e ->
          switch (e.reason()) {
            case INVALID, UNSUPPORTED -> new HearthException.InvalidRequest(message, e);
            case BUSY -> new HearthException.WrongState(message, e);
            case TIMED_OUT -> new HearthException.Busy(message, e);
            case ABSENT, FAILED -> new HearthException.HostFailure(message, e);
          };
      default -> new HearthException.HostFailure(message, cause);
    };
  }
}
