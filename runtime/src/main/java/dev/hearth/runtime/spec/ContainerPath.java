package dev.hearth.runtime.spec;

import java.util.ArrayDeque;
import java.util.Deque;

/** Paths inside a container, as text: links in them are followed there, not here. */
final class ContainerPath {
  private ContainerPath() {}

  /** Absolute, without doubled slashes, dots and a slash at the end. */
  static String clean(String path) {
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/", -1)) {
      if (name.equals("..")) {
        names.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    return "/" + String.join("/", names);
  }

  static int depth(String clean) {
    return clean.equals("/") ? 0 : (int) clean.chars().filter(c -> c == '/').count();
  }

  static boolean isAtOrBelow(String path, String folder) {
    return path.equals(folder) || path.startsWith(folder.equals("/") ? "/" : folder + "/");
  }
}
