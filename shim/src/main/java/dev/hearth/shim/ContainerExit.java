package dev.hearth.shim;

import java.time.Instant;

/**
 * How a container, or an exec, ended.
 *
 * @param code exit code; 0 if a signal ended it
 * @param signal the one that ended it, or 0
 * @param oomKills how often the kernel's OOM killer struck the container; 0 for an exec
 */
public record ContainerExit(int code, int signal, Instant finishedAt, long oomKills) {
  /** The number a shell would show: the code, or 128 and the signal. */
  public int shellCode() {
    return signal == 0 ? code : 128 + signal;
  }
}
