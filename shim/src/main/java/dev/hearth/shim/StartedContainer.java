package dev.hearth.shim;

import dev.hearth.linux.ProcessIdentity;
import java.time.Instant;
import java.util.List;

/**
 * A container that runs.
 *
 * @param process its first
 * @param shimPid for looking at, no more: it may have ended
 */
public record StartedContainer(
    ProcessIdentity process, int shimPid, Instant startedAt, List<StartWarning> warnings) {
  public StartedContainer {
    warnings = List.copyOf(warnings);
  }
}
