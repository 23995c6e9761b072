package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.util.regex.Pattern;

/**
 * Names of systemd's slices, and the groups they stand for: {@code a-b.slice} is {@code
 * /a.slice/a-b.slice} (systemd.slice(5)).
 */
final class Slices {
  static final String SUFFIX = ".slice";

  /** Of a unit's name what is ours to write: no escapes, and no empty part between two dashes. */
  private static final Pattern STEM = Pattern.compile("[A-Za-z0-9_.:]+(-[A-Za-z0-9_.:]+)*");

  /** Longest name of a unit, UNIT_NAME_MAX. */
  private static final int MAX_NAME = 255;

  private Slices() {}

  /**
   * The group of the slice that a request names: {@code a-b.slice}, or its whole path, which is
   * what the kubelet sends.
   *
   * @throws CgroupException UNSUPPORTED if it names no slice, INVALID if it names none there can be
   */
  static CgroupPath parse(String text) throws CgroupException {
    String path = text.replaceAll("/+", "/");
    if (!path.endsWith(SUFFIX)) {
      throw new CgroupException(
          Reason.UNSUPPORTED,
          "cgroup parent "
              + text
              + " names no systemd slice, and the cgroup driver is systemd: set the kubelet's"
              + " cgroupDriver to systemd");
    }
    CgroupPath group = path(path.substring(path.lastIndexOf('/') + 1));
    if (path.lastIndexOf('/') > 0 && !group.value().equals("/" + path.replaceFirst("^/", ""))) {
      throw new CgroupException(
          Reason.INVALID, "cgroup parent " + text + " is not where its slice is: " + group);
    }
    return group;
  }

  /**
   * The group of the slice for pods that name none.
   *
   * @param text a slice, or a path as the other driver takes it: {@code /a/b} is {@code a-b.slice}
   */
  static CgroupPath configured(String text) throws CgroupException {
    if (text.endsWith(SUFFIX)) {
      return parse(text);
    }
    String stem = CgroupPath.parse(text).relative().replace('-', '_').replace('/', '-');
    return path(stem + SUFFIX);
  }

  /** The group of a slice. */
  static CgroupPath path(String slice) throws CgroupException {
    String stem =
        slice.endsWith(SUFFIX) ? slice.substring(0, slice.length() - SUFFIX.length()) : "";
    if (!STEM.matcher(stem).matches() || slice.length() > MAX_NAME) {
      throw new CgroupException(
          Reason.INVALID, "cgroup parent " + slice + " is no name of a slice that can be used");
    }
    CgroupPath group = CgroupPath.ROOT;
    for (int dash = stem.indexOf('-'); dash >= 0; dash = stem.indexOf('-', dash + 1)) {
      group = group.child(stem.substring(0, dash) + SUFFIX);
    }
    return group.child(slice);
  }

  /** The group of a slice right below another. */
  static CgroupPath below(CgroupPath slice, String name) {
    return slice.child(stem(slice) + "-" + name + SUFFIX);
  }

  /** The name of a slice without its suffix. */
  static String stem(CgroupPath slice) {
    return slice.name().substring(0, slice.name().length() - SUFFIX.length());
  }

  static boolean isSlice(CgroupPath group) {
    return group.name().endsWith(SUFFIX);
  }
}
