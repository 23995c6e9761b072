package dev.hearth.runtime.model;

import java.util.Set;

/**
 * A limit of setrlimit(2).
 *
 * @param kind its name, such as RLIMIT_NOFILE
 * @param soft unsigned; all ones for none
 * @param hard likewise
 */
public record ProcessLimit(String kind, long soft, long hard) {
  private static final Set<String> KINDS =
      Set.of(
          "RLIMIT_CPU",
          "RLIMIT_FSIZE",
          "RLIMIT_DATA",
          "RLIMIT_STACK",
          "RLIMIT_CORE",
          "RLIMIT_RSS",
          "RLIMIT_NPROC",
          "RLIMIT_NOFILE",
          "RLIMIT_MEMLOCK",
          "RLIMIT_AS",
          "RLIMIT_LOCKS",
          "RLIMIT_SIGPENDING",
          "RLIMIT_MSGQUEUE",
          "RLIMIT_NICE",
          "RLIMIT_RTPRIO",
          "RLIMIT_RTTIME");

  public ProcessLimit {
    if (!KINDS.contains(kind)) {
      throw new HearthException.InvalidRequest("there is no process limit " + kind);
    }
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new HearthException.InvalidRequest("the soft limit is above the hard one: " + kind);
    }
  }
}
