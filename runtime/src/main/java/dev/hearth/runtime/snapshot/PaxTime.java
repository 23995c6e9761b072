package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;

/**
 * A time of an extended header: decimal seconds since the epoch, perhaps negative, perhaps with a
 * fraction, of which nine digits count.
 *
 * @param nanos 0 to 999,999,999, always forward from the seconds
 */
record PaxTime(long seconds, int nanos) {
  static PaxTime parse(RawBytes text) throws LayerException {
    boolean negative = text.length() > 0 && text.at(0) == '-';
    int point = text.indexOf('.');
    int end = point < 0 ? text.length() : point;
    long seconds = PaxRecords.decimal("mtime", text.slice(negative ? 1 : 0, end));
    int nanos = point < 0 ? 0 : nanos(text, point + 1);
    if (!negative) {
      return new PaxTime(seconds, nanos);
    }
    return nanos == 0 ? new PaxTime(-seconds, 0) : new PaxTime(-seconds - 1, 1_000_000_000 - nanos);
  }

  private static int nanos(RawBytes text, int start) throws LayerException {
    int nanos = 0;
    int scale = 100_000_000;
    for (int i = start; i < text.length(); i++) {
      int digit = text.at(i) - '0';
      if (digit < 0 || digit > 9) {
        throw malformed("mtime is no number: " + text);
      }
      nanos += digit * scale;
      scale /= 10;
    }
    return nanos;
  }
}
