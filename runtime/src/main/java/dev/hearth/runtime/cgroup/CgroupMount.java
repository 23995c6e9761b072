package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cgroup file system in a line of mountinfo (proc_pid_mountinfo(5)).
 *
 * @param point where its root is mounted
 * @param options of the file system, comma separated: on v1 these name its controllers
 */
record CgroupMount(boolean isV2, Path point, String options) {
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");
  private static final int ROOT = 3;
  private static final int POINT = 4;

  /**
   * @param sibling any path of the file system that the mount points are to be on
   * @return nothing for any other file system, or if only a part of the tree is mounted there
   */
  static Optional<CgroupMount> parse(String line, Path sibling) {
    List<String> words = Arrays.asList(line.split(" ", -1));
    int dash = words.indexOf("-");
    if (dash <= POINT || words.size() < dash + 4 || !words.get(ROOT).equals("/")) {
      return Optional.empty();
    }
    String type = words.get(dash + 1);
    if (!type.equals("cgroup") && !type.equals("cgroup2")) {
      return Optional.empty();
    }
    Path point = sibling.getFileSystem().getPath(unescape(words.get(POINT)));
    return Optional.of(new CgroupMount(type.equals("cgroup2"), point, words.get(dash + 3)));
  }

  /** Whether it is where everybody expects it, not some container's or tool's second mount. */
  boolean isUsual() {
    return point.startsWith("/sys/fs/cgroup");
  }

  private static String unescape(String word) {
    Matcher octal = OCTAL.matcher(word);
    return octal.replaceAll(
        m -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(m.group(1), 8))));
  }
}
