package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.charset.StandardCharsets;

/**
 * A control group's path below the root of every hierarchy, such as {@code
 * /kubepods/besteffort/pod7}. It starts with a slash, does not end in one, and cannot lead upwards.
 */
public record CgroupPath(String value) implements Comparable<CgroupPath> {
  /** The root of every hierarchy. */
  public static final CgroupPath ROOT = new CgroupPath("/");

  /** Longest file name Linux takes, in bytes. */
  private static final int MAX_NAME = 255;

  private static final int MAX_PATH = 3000;

  /**
   * @throws IllegalArgumentException if the path is not in its normal form; use {@link #parse} for
   *     what came from outside
   */
  public CgroupPath {
    if (!value.equals("/")) {
      if (!value.startsWith("/") || value.length() > MAX_PATH) {
        throw new IllegalArgumentException("not an absolute cgroup path: " + value);
      }
      for (String name : value.substring(1).split("/", -1)) {
        checkName(name, value);
      }
    }
  }

  private static void checkName(String name, String whole) {
    boolean control = name.chars().anyMatch(c -> c < ' ' || c == 0x7f);
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || control
        || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw new IllegalArgumentException("not a cgroup path: " + whole);
    }
  }

  /**
   * Reads a path as the kubelet writes it in {@code cgroup_parent}: a missing first slash and
   * doubled or trailing ones are forgiven.
   *
   * @throws CgroupException INVALID if it leads upwards or holds control characters; UNSUPPORTED if
   *     it names a systemd slice
   */
  public static CgroupPath parse(String text) throws CgroupException {
    String path = ("/" + text).replaceAll("/+", "/");
    if (path.length() > 1 && path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (path.endsWith(".slice") || path.indexOf(':') >= 0) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "cgroup parent "
              + text
              + " names a systemd slice, and the cgroup driver is cgroupfs: set the kubelet's"
              + " cgroupDriver to cgroupfs");
    }
    try {
      return new CgroupPath(path);
    } catch (IllegalArgumentException e) {
      throw new CgroupException(Reason.INVALID, "cgroup parent is no usable path: " + text, e);
    }
  }

  /** The group of that name below this one. */
  public CgroupPath child(String name) {
    return new CgroupPath(isRoot() ? "/" + name : value + "/" + name);
  }

  /** The group above; the root is its own. */
  public CgroupPath parent() {
    int slash = value.lastIndexOf('/');
    return slash <= 0 ? ROOT : new CgroupPath(value.substring(0, slash));
  }

  public String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  boolean isAtOrBelow(CgroupPath other) {
    return equals(other) || other.isRoot() || value.startsWith(other.value + "/");
  }

  public boolean isRoot() {
    return value.equals("/");
  }

  /** The same path without its first slash, to resolve against a mount point. */
  String relative() {
    return value.substring(1);
  }

  @Override
  public int compareTo(CgroupPath other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
