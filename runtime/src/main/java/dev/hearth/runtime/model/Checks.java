package dev.hearth.runtime.model;

import java.util.List;
import java.util.Map;

/** Bounds that every request record keeps. Each failure names the field and what was wrong. */
final class Checks {
  /** Longest name, label key or value accepted, in characters. */
  static final int MAX_TEXT = 4096;

  /** Most bytes that the labels or the annotations of one object may take together. */
  static final int MAX_MAP_BYTES = 256 * 1024;

  private Checks() {}

  static void name(String field, String value) {
    if (value.isEmpty()) {
      throw new HearthException.InvalidRequest(field + " is missing");
    }
    text(field, value);
    if (value.indexOf('/') >= 0) {
      throw new HearthException.InvalidRequest(field + " contains a slash: " + value);
    }
  }

  static void text(String field, String value) {
    if (value.length() > MAX_TEXT) {
      throw new HearthException.InvalidRequest(
          field + " has " + value.length() + " characters; " + MAX_TEXT + " are allowed");
    }
    noNul(field, value);
  }

  /** For paths, arguments and the like: C strings cannot carry a NUL. */
  static void noNul(String field, String value) {
    if (value.indexOf('\0') >= 0) {
      throw new HearthException.InvalidRequest(field + " contains a NUL character");
    }
  }

  static void noNul(String field, List<String> values) {
    for (String value : values) {
      noNul(field, value);
    }
  }

  static void absolute(String field, String path) {
    noNul(field, path);
    if (!path.startsWith("/")) {
      throw new HearthException.InvalidRequest(field + " is not an absolute path: " + path);
    }
  }

  static Map<String, String> map(String field, Map<String, String> map) {
    long bytes = 0;
    for (Map.Entry<String, String> entry : map.entrySet()) {
      if (entry.getKey().isEmpty()) {
        throw new HearthException.InvalidRequest(field + " have an empty key");
      }
      text(field + " key", entry.getKey());
      bytes += entry.getKey().length() + entry.getValue().length();
    }
    if (bytes > MAX_MAP_BYTES) {
      throw new HearthException.InvalidRequest(
          field + " take " + bytes + " bytes; " + MAX_MAP_BYTES + " are allowed");
    }
    return Map.copyOf(map);
  }
}
