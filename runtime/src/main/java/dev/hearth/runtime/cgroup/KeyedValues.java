package dev.hearth.runtime.cgroup;

/**
 * A file of lines {@code key value}, searched in place: these files have fifty lines of which a
 * handful are wanted, a hundred times a second.
 */
record KeyedValues(String text) {
  static final KeyedValues NONE = new KeyedValues("");

  /** The value of a key, or {@link Statistics#UNKNOWN}. */
  long get(String key) {
    int from = 0;
    while (true) {
      int at = text.indexOf(key, from);
      if (at < 0) {
        return Statistics.UNKNOWN;
      }
      int end = at + key.length();
      boolean starts = at == 0 || text.charAt(at - 1) == '\n';
      if (starts && end < text.length() && text.charAt(end) == ' ') {
        return number(end + 1);
      }
      from = end;
    }
  }

  /** As get, zero when there is none. */
  long orZero(String key) {
    return Math.max(0, get(key));
  }

  private long number(int from) {
    long value = 0;
    int at = from;
    for (; at < text.length() && Character.isDigit(text.charAt(at)); at++) {
      value = value * 10 + (text.charAt(at) - '0');
    }
    // Above 2^63 - 1, or no number at all: as good as not counted.
    return at == from || value < 0 ? Statistics.UNKNOWN : value;
  }
}
