package dev.hearth.shim;

import dev.hearth.linux.ProcessIdentity;
import java.time.Instant;
import java.util.Optional;

/**
 * What a shim knows of its container.
 *
 * @param lostLogBytes of the container's output that could not be written to the log
 * @param oomKills how often the kernel's OOM killer has struck so far
 * @param exit how it ended, if it did; that is recorded then
 */
public record ShimStatus(
    ProcessIdentity process,
    Instant startedAt,
    long lostLogBytes,
    long oomKills,
    Optional<ContainerExit> exit) {}
