package dev.hearth.linux;

import java.util.Optional;

/** Calls on processes. */
public final class Processes {
  private static final int WNOHANG = 1;
  private static final int PR_SET_NAME = 15;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_CHILD_SUBREAPER = 36;

  private Processes() {}

  /** This process. */
  public static int self() {
    return LibC.getpid();
  }

  /** This thread, as the kernel numbers it; a virtual thread answers for its carrier. */
  public static int thread() {
    return LibC.gettid();
  }

  /**
   * A descriptor that stands for a process whatever becomes of its pid, pidfd_open(2). Readable
   * when it has ended. ESRCH when there is none such.
   */
  public static Fd open(int pid) throws LinuxException {
    long fd = LibC.syscall(Syscall.PIDFD_OPEN, pid, 0, 0, 0, 0);
    if (fd < 0) {
      int errno = Sys.errno();
      throw new LinuxException("open process", Integer.toString(pid), errno);
    }
    return new Fd((int) fd, "process " + pid);
  }

  /** Sends a signal, or with 0 only asks whether one may; ESRCH when it has been reaped. */
  public static void signal(Fd pidfd, int signal) throws LinuxException {
    try (Fd.Use use = pidfd.use("signal")) {
      long result = LibC.syscall(Syscall.PIDFD_SEND_SIGNAL, use.number(), signal, 0, 0, 0);
      if (result < 0) {
        throw unsent(signal, pidfd.name(), Sys.errno());
      }
    }
  }

  /** Sends a signal by number; only for processes that cannot be reaped in between. */
  public static void kill(int pid, int signal) throws LinuxException {
    if (LibC.kill(pid, signal) < 0) {
      int errno = Sys.errno();
      throw unsent(signal, "process " + pid, errno);
    }
  }

  private static LinuxException unsent(int signal, String whom, int errno) {
    return new LinuxException("send " + Signals.name(signal) + " to", whom, errno);
  }

  /** Copies a descriptor out of another process, pidfd_getfd(2). */
  public static Fd copyDescriptor(Fd pidfd, int number) throws LinuxException {
    try (Fd.Use use = pidfd.use("copy descriptor from")) {
      String name = "descriptor " + number + " of " + pidfd.name();
      long fd = LibC.syscall(Syscall.PIDFD_GETFD, use.number(), number, 0, 0, 0);
      return new Fd((int) Sys.check(fd, "copy", name), name);
    }
  }

  /** How a child ended, if it has; reaps it. ECHILD when it is no child, or was reaped. */
  public static Optional<ExitStatus> tryReap(int pid) throws LinuxException {
    return wait(pid, WNOHANG);
  }

  /** Waits for a child's end and reaps it. Blocks. */
  public static ExitStatus reap(int pid) throws LinuxException {
    return wait(pid, 0).orElseThrow();
  }

  private static Optional<ExitStatus> wait(int pid, int options) throws LinuxException {
    int[] status = new int[1];
    int ended;
    do {
      ended = LibC.waitpid(pid, status, options);
    } while (ended < 0 && Sys.failedWith(Errno.EINTR));
    if (ended < 0) {
      int errno = Sys.errno();
      throw new LinuxException("wait for", "process " + pid, errno);
    }
    return ended == 0 ? Optional.empty() : Optional.of(ExitStatus.ofWaitStatus(status[0]));
  }

  /** Makes this process the parent of descendants whose parents end, PR_SET_CHILD_SUBREAPER. */
  public static void setSubreaper(boolean on) throws LinuxException {
    control(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, "become subreaper");
  }

  /** Whether others of its user may trace this process and read its memory, PR_SET_DUMPABLE. */
  public static void setDumpable(boolean on) throws LinuxException {
    control(PR_SET_DUMPABLE, on ? 1 : 0, "set dumpable");
  }

  /** Names this thread for ps(1), at most 15 bytes of it, PR_SET_NAME. */
  public static void setThreadName(String name) throws LinuxException {
    byte[] bytes = Sys.encode("name thread", name);
    try (Scratch scratch = new Scratch(Scratch.room(bytes.length))) {
      control(PR_SET_NAME, scratch.put(bytes), "name thread");
    }
  }

  private static void control(int option, long value, String operation) throws LinuxException {
    Sys.check(LibC.prctl(option, value, 0, 0, 0), operation, "");
  }
}
