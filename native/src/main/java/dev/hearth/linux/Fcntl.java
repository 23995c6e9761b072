package dev.hearth.linux;

/** Commands and flags of fcntl(2). */
final class Fcntl {
  static final int SETFD = 2;
  static final int GETFL = 3;
  static final int SETFL = 4;
  static final int DUPFD_CLOEXEC = 1030;
  static final int SETPIPE_SZ = 1031;
  static final int ADD_SEALS = 1033;

  static final int CLOEXEC = 1;

  private Fcntl() {}
}
