package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** BPF programs of control groups, bpf(2). */
public final class Bpf {
  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int TYPE_CGROUP_DEVICE = 15;
  private static final int ATTACH_CGROUP_DEVICE = 6;
  private static final int ALLOW_MULTIPLE = 2;
  private static final int INSTRUCTION_SIZE = 8;

  // Offsets in union bpf_attr.
  private static final int ATTRIBUTES_SIZE = 72;
  private static final int INSTRUCTION_COUNT = 4;
  private static final int INSTRUCTIONS = 8;
  private static final int LICENSE = 16;
  private static final int LOG_LEVEL = 24;
  private static final int LOG_SIZE = 28;
  private static final int LOG_ADDRESS = 32;
  private static final int EXPECTED_ATTACH_TYPE = 68;

  /** Enough for what the verifier says of programs of some thousand instructions, in bytes. */
  private static final int LOG_ROOM = 64 * 1024;

  /** The end of the log says why. */
  private static final int LOG_SHOWN = 400;

  private Bpf() {}

  /**
   * Loads a program that decides on access to devices (BPF_PROG_TYPE_CGROUP_DEVICE).
   *
   * @param instructions eight bytes each, in native order
   * @throws LinuxException with the verifier's last words when it refuses
   */
  public static Fd loadDeviceProgram(byte[] instructions) throws LinuxException {
    String operation = "load device program";
    byte[] license = "Apache-2.0\0".getBytes(StandardCharsets.US_ASCII);
    int size = ATTRIBUTES_SIZE + Scratch.room(instructions.length) + Scratch.room(license.length);
    try (Scratch scratch = new Scratch(size + LOG_ROOM)) {
      int at = scratch.take(ATTRIBUTES_SIZE);
      long attributes = scratch.address() + at;
      ByteBuffer view = scratch.view();
      view.putInt(at, TYPE_CGROUP_DEVICE);
      view.putInt(at + INSTRUCTION_COUNT, instructions.length / INSTRUCTION_SIZE);
      view.putLong(at + INSTRUCTIONS, scratch.put(instructions));
      view.putLong(at + LICENSE, scratch.put(license));
      view.putInt(at + EXPECTED_ATTACH_TYPE, ATTACH_CGROUP_DEVICE);
      long fd = call(PROG_LOAD, attributes);
      if (fd >= 0) {
        return new Fd((int) fd, "device program");
      }
      // The log costs time, so it is asked for only now.
      LinuxException failure = Sys.failure(operation, "");
      int log = scratch.take(LOG_ROOM);
      view.putInt(at + LOG_LEVEL, 1);
      view.putInt(at + LOG_SIZE, LOG_ROOM);
      view.putLong(at + LOG_ADDRESS, scratch.address() + log);
      fd = call(PROG_LOAD, attributes);
      if (fd >= 0) {
        return new Fd((int) fd, "device program");
      }
      throw new LinuxException(operation, "", failure.errno(), text(view, log));
    }
  }

  private static String text(ByteBuffer view, int log) {
    int end = log;
    while (end < log + LOG_ROOM && view.get(end) != 0) {
      end++;
    }
    int from = Math.max(log, end - LOG_SHOWN);
    byte[] bytes = new byte[end - from];
    view.get(from, bytes);
    return Sys.decode(bytes, 0, bytes.length).strip().replace('\n', ' ');
  }

  /**
   * Attaches a device program to a cgroup of version 2, beside those there: all must allow. It goes
   * with the cgroup.
   *
   * @param cgroup its open folder, not opened with PATH
   */
  public static void attachDeviceProgram(Fd cgroup, Fd program) throws LinuxException {
    String operation = "attach device program to";
    try (Fd.Use target = cgroup.use(operation);
        Fd.Use attached = program.use(operation);
        Scratch scratch = new Scratch(ATTRIBUTES_SIZE)) {
      scratch
          .view()
          .putInt(0, target.number())
          .putInt(4, attached.number())
          .putInt(8, ATTACH_CGROUP_DEVICE)
          .putInt(12, ALLOW_MULTIPLE);
      Sys.check(call(PROG_ATTACH, scratch.address()), operation, cgroup.name());
    }
  }

  private static long call(int command, long attributes) {
    return LibC.syscall(Arch.current().bpf, command, attributes, ATTRIBUTES_SIZE, 0, 0);
  }
}
