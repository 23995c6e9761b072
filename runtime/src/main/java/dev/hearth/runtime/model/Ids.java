package dev.hearth.runtime.model;

/** The common form of ids. They name files and sockets, so nothing else may pass. */
final class Ids {
  private Ids() {}

  static void check(String kind, String value) {
    if (value.length() != 64) {
      throw new HearthException.InvalidRequest(kind + " id has not 64 characters: " + value);
    }
    for (int i = 0; i < 64; i++) {
      char c = value.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        throw new HearthException.InvalidRequest(kind + " id is not lower-case hex: " + value);
      }
    }
  }
}
