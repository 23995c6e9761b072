package dev.hearth.shim;

/** A limit of setrlimit(2); {@link #UNLIMITED} for no limit. */
public record ResourceLimit(Resource resource, long soft, long hard) {
  /** RLIM_INFINITY. */
  public static final long UNLIMITED = -1;

  /** What is limited; the same numbers on x86_64 and aarch64. */
  public enum Resource {
    CPU(0),
    FSIZE(1),
    DATA(2),
    STACK(3),
    CORE(4),
    RSS(5),
    NPROC(6),
    NOFILE(7),
    MEMLOCK(8),
    AS(9),
    LOCKS(10),
    SIGPENDING(11),
    MSGQUEUE(12),
    NICE(13),
    RTPRIO(14),
    RTTIME(15);

    private final int number;

    Resource(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }
}
