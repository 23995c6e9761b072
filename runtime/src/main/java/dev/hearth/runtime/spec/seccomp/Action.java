package dev.hearth.runtime.spec.seccomp;

/**
 * What happens to a call (seccomp(2)).
 *
 * @param value what the filter returns: SECCOMP_RET_* with its data
 */
record Action(int value) {
  static final Action ALLOW = new Action(0x7FFF_0000);
  static final Action KILL_PROCESS = new Action(0x8000_0000);
  static final Action KILL_THREAD = new Action(0);
  static final Action LOG = new Action(0x7FFC_0000);
  static final int EPERM = 1;
  static final int ENOSYS = 38;

  private static final int TRAP = 0x0003_0000;
  private static final int ERRNO = 0x0005_0000;
  private static final int TRACE = 0x7FF0_0000;
  private static final int DATA = 0xFFFF;

  /** The call fails with this error number. */
  static Action errno(int number) {
    return new Action(ERRNO | (number & DATA));
  }

  /** Whether the call fails, whatever the number. */
  boolean isErrno() {
    return (value & ~DATA) == ERRNO;
  }

  /**
   * An action by the name profiles give it.
   *
   * @param data error number or what a tracer is told
   * @throws IllegalArgumentException if it is none, or needs an agent that Hearth does not run
   */
  static Action named(String name, int data) {
    return switch (name) {
      case "SCMP_ACT_ALLOW" -> ALLOW;
      case "SCMP_ACT_ERRNO" -> errno(data);
      case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD" -> KILL_THREAD;
      case "SCMP_ACT_KILL_PROCESS" -> KILL_PROCESS;
      case "SCMP_ACT_LOG" -> LOG;
      case "SCMP_ACT_TRAP" -> new Action(TRAP);
      case "SCMP_ACT_TRACE" -> new Action(TRACE | (data & DATA));
      case "SCMP_ACT_NOTIFY" ->
          throw new IllegalArgumentException("SCMP_ACT_NOTIFY needs a seccomp agent");
      default -> throw new IllegalArgumentException("unknown action " + name);
    };
  }
}
