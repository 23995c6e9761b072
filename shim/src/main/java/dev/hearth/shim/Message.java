package dev.hearth.shim;

import dev.hearth.linux.Fd;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A message of a shim's, as protocol.h has it; its fields are read in their order.
 *
 * @param descriptors that came with it, the receiver's to close
 */
record Message(int type, ByteBuffer fields, List<Fd> descriptors) {
  static final int OK = 128;
  static final int ERROR = 129;
  static final int VERSIONS = 130;
  static final int STATUS = 131;
  static final int STARTED = 132;
  static final int FAILED = 133;
  static final int EXITED = 134;
  static final int ENDED = 135;
  static final int DETACHED = 136;
  static final int WARNING = 137;

  Message {
    descriptors = List.copyOf(descriptors);
  }

  String text() {
    byte[] bytes = new byte[fields.getInt()];
    fields.get(bytes);
    fields.get(); // the NUL
    return new String(bytes, StandardCharsets.UTF_8);
  }

  Report report() {
    int stage = fields.getShort();
    int step = fields.getInt();
    int errno = fields.getInt();
    return Report.failure(stage, step, errno, text());
  }

  /** Fields of ENDED. */
  ContainerExit containerExit() {
    int code = fields.getInt();
    int signal = fields.getInt();
    long at = fields.getLong();
    return new ContainerExit(code, signal, Times.instant(at), fields.getLong());
  }

  /** Fields of EXITED. */
  ContainerExit execExit() {
    int code = fields.getInt();
    int signal = fields.getInt();
    return new ContainerExit(code, signal, Times.instant(fields.getLong()), 0);
  }
}
