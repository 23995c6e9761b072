package dev.hearth.runtime.nri;

/** How plugins ask that an entry go: by a minus sign before its key. */
final class Removal {
  private Removal() {}

  static boolean marked(String key) {
    return key.startsWith("-");
  }

  static String mark(String key) {
    return "-" + key;
  }

  /** The key, marked or not. */
  static String key(String key) {
    return marked(key) ? key.substring(1) : key;
  }
}
