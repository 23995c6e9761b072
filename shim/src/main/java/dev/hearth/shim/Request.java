package dev.hearth.shim;

import java.nio.ByteBuffer;

/** Messages to a shim, as protocol.h has them. */
final class Request {
  static final int HELLO = 1;
  static final int STATUS = 2;
  static final int SIGNAL = 3;
  static final int RESIZE = 4;
  static final int REOPEN_LOG = 5;
  static final int CLOSE_STDIN = 6;
  static final int ATTACH = 7;
  static final int EXEC = 8;
  static final int KILL_EXEC = 9;
  static final int RESIZE_EXEC = 10;
  static final int SIGNAL_EXEC = 11;
  static final int SUBSCRIBE = 12;

  static final int ATTACH_STDIN = 1;
  static final int ATTACH_STDOUT = 2;
  static final int ATTACH_STDERR = 4;

  static final int EXEC_TERMINAL = 1;
  static final int EXEC_BOUND = 2;
  static final int EXEC_PLAN_FD = 4;
  static final int EXEC_STDIN = 8;
  static final int EXEC_STDOUT = 16;
  static final int EXEC_STDERR = 32;

  private static final int VERSION = 1;

  private Request() {}

  static ByteBuffer of(int type, int... numbers) {
    PlanWriter out = begin(type);
    for (int number : numbers) {
      out.u32(number);
    }
    return out.finish();
  }

  static ByteBuffer exec(int flags, byte[] plan) {
    return begin(EXEC).u32(flags).bytes(plan).finish();
  }

  private static PlanWriter begin(int type) {
    return new PlanWriter().u16(VERSION).u16(type);
  }
}
