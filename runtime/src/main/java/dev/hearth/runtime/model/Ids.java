package dev.hearth.runtime.model;

/** The common form of ids. They name files and sockets, so nothing else may pass. */
final class Ids {
  private Ids() {}

  static void check(String kind, String value) {
    if (value.length() != 64) {
      throw new HearthException.InvalidRequest(kind + " id has not 64 characters: " + value);
    }
    if (!isValid(value)) {
      throw new HearthException.InvalidRequest(kind + " id is not lower-case hex: " + value);
    }
  }

  static boolean isValid(String value) {
    return value.length() == 64
        && value.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }
}
