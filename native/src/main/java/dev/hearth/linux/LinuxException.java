package dev.hearth.linux;

import java.io.IOException;

/**
 * A system call that failed: what was tried, on what, and the kernel's errno.
 *
 * <p>The message reads {@code mount overlay on /x: no such file or directory (ENOENT)}; operations
 * end in their preposition where they need one.
 */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final String path;
  private final int errno;

  /**
   * @param operation what was tried, such as {@code open} or {@code mount overlay on}
   * @param path the object it was tried on; empty when there is none
   * @param errno the error number of errno(3)
   */
  public LinuxException(String operation, String path, int errno) {
    this(operation, path, errno, "");
  }

  /**
   * @param detail what the kernel said beyond the number (a file system's log, a netlink extended
   *     acknowledgement); empty when nothing
   */
  public LinuxException(String operation, String path, int errno, String detail) {
    super(message(operation, path, errno, detail));
    this.operation = operation;
    this.path = path;
    this.errno = errno;
  }

  /** As {@link #LinuxException(String, String, int)}. */
  public LinuxException(String operation, String path, Errno errno) {
    this(operation, path, errno.number());
  }

  private static String message(String operation, String path, int errno, String detail) {
    return operation
        + (path.isEmpty() ? "" : " " + path)
        + ": "
        + Errno.describe(errno)
        + (detail.isEmpty() ? "" : ": " + detail);
  }

  /** What was tried. */
  public String operation() {
    return operation;
  }

  /** The object it was tried on; empty when there is none. */
  public String path() {
    return path;
  }

  /** The error number of errno(3). */
  public int errno() {
    return errno;
  }

  /** Whether the failure is this one. */
  public boolean is(Errno candidate) {
    return errno == candidate.number();
  }

  /** Whether the failure is one of these. */
  public boolean isAnyOf(Errno first, Errno... more) {
    if (is(first)) {
      return true;
    }
    for (Errno candidate : more) {
      if (is(candidate)) {
        return true;
      }
    }
    return false;
  }
}
