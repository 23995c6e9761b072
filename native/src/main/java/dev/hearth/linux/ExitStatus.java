package dev.hearth.linux;

/** How a process ended, wait(2). */
public sealed interface ExitStatus {
  /** By itself, with a code of 0 to 255. */
  record Exited(int code) implements ExitStatus {}

  /** Killed by a signal. */
  record Signaled(int signal, boolean coreDumped) implements ExitStatus {}

  /** The number a shell would show: the code, or 128 and the signal. */
  default int shellCode() {
    return switch (this) {
      case Exited exited -> exited.code;
      case Signaled signaled -> 128 + signaled.signal;
    };
  }

  /** From the status word of waitpid(2) of a process that has ended. */
  static ExitStatus ofWaitStatus(int status) {
    int signal = status & 0x7F;
    return signal == 0
        ? new Exited((status >> 8) & 0xFF)
        : new Signaled(signal, (status & 0x80) != 0);
  }
}
