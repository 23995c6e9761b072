package dev.hearth.linux;

/** System call numbers; those from 424 on are the same on x86_64 and aarch64. */
final class Syscall {
  static final long PIDFD_SEND_SIGNAL = 424;
  static final long OPEN_TREE = 428;
  static final long MOVE_MOUNT = 429;
  static final long FSOPEN = 430;
  static final long FSCONFIG = 431;
  static final long FSMOUNT = 432;
  static final long PIDFD_OPEN = 434;
  static final long OPENAT2 = 437;
  static final long PIDFD_GETFD = 438;
  static final long MOUNT_SETATTR = 442;

  private Syscall() {}
}
