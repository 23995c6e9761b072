package dev.hearth.runtime.network;

import java.time.Instant;

/**
 * Something of a pod's network that is still to be taken away.
 *
 * @param pod id of the pod, or as much of it as is known
 * @param what is still there, such as {@code link h1a2b0123456789}
 * @param since when it was to be taken away
 * @param attempts that have failed
 * @param lastFailure empty before the first attempt has failed
 */
public record PendingTeardown(
    String pod, String what, Instant since, int attempts, String lastFailure) {}
