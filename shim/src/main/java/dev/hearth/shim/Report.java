package dev.hearth.shim;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a shim tells of a start, as report.h has it.
 *
 * @param step index in the plan, or -1; of STARTED the pid of the shim
 */
record Report(
    int kind, int stage, int step, int errno, int pid, long startTicks, long at, String text) {
  static final int SIZE = 256;

  static final int WARNING = 2;
  static final int FAILED = 3;
  static final int STARTED = 4;

  private static final int TEXT_AT = 32;

  static Report read(ByteBuffer in) {
    int start = in.position();
    int kind = in.getShort();
    int stage = in.getShort();
    int step = in.getInt();
    int errno = in.getInt();
    int pid = in.getInt();
    long startTicks = in.getLong();
    long at = in.getLong();
    byte[] text = new byte[SIZE - TEXT_AT];
    in.get(text);
    in.position(start + SIZE);
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new Report(
        kind,
        stage,
        step,
        errno,
        pid,
        startTicks,
        at,
        new String(text, 0, length, StandardCharsets.UTF_8));
  }

  /** A failure that an answer to an exec carries. */
  static Report failure(int stage, int step, int errno, String text) {
    return new Report(FAILED, stage, step, errno, 0, 0, 0, text);
  }
}
