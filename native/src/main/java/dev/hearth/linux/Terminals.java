package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** What the user of a terminal may ask of it and change, ioctl_tty(2) and termios(3). */
public final class Terminals {
  private static final long TCGETS = 0x5401;
  private static final long TCSETS = 0x5402;
  private static final long TIOCGWINSZ = 0x5413;

  /** struct termios of the kernel: four words of flags, the line discipline, 19 characters. */
  private static final int TERMIOS_SIZE = 36;

  private static final int INPUT = 0;
  private static final int OUTPUT = 4;
  private static final int CONTROL = 8;
  private static final int LOCAL = 12;
  private static final int LEAST = 17 + 6;
  private static final int TIME = 17 + 5;

  // As cfmakeraw(3) has it.
  private static final int COOKED_INPUT = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400;
  private static final int COOKED_OUTPUT = 0x1;
  private static final int COOKED_LOCAL = 0x1 | 0x2 | 0x8 | 0x40 | 0x8000;
  private static final int PARITY = 0x100;
  private static final int EIGHT_BITS = 0x30;

  private Terminals() {}

  /** In characters. */
  public record Size(int rows, int columns) {}

  /** How large it is; empty if it is no terminal. */
  public static Optional<Size> size(Fd fd) throws LinuxException {
    byte[] size = new byte[8];
    try {
      call(fd, TIOCGWINSZ, size, "ask the size of");
    } catch (LinuxException e) {
      if (e.is(Errno.ENOTTY)) {
        return Optional.empty();
      }
      throw e;
    }
    ByteBuffer in = ByteBuffer.wrap(size).order(ByteOrder.nativeOrder());
    return Optional.of(new Size(in.getShort() & 0xFFFF, in.getShort() & 0xFFFF));
  }

  /**
   * Has every key handed on as it is pressed, with no echo and no meaning of its own.
   *
   * @return what it was before, for {@link #restore}
   */
  public static byte[] makeRaw(Fd terminal) throws LinuxException {
    byte[] before = new byte[TERMIOS_SIZE];
    call(terminal, TCGETS, before, "ask the mode of");
    ByteBuffer raw = ByteBuffer.wrap(before.clone()).order(ByteOrder.nativeOrder());
    raw.putInt(INPUT, raw.getInt(INPUT) & ~COOKED_INPUT);
    raw.putInt(OUTPUT, raw.getInt(OUTPUT) & ~COOKED_OUTPUT);
    raw.putInt(CONTROL, (raw.getInt(CONTROL) & ~PARITY) | EIGHT_BITS);
    raw.putInt(LOCAL, raw.getInt(LOCAL) & ~COOKED_LOCAL);
    raw.put(LEAST, (byte) 1).put(TIME, (byte) 0);
    restore(terminal, raw.array());
    return before;
  }

  /** Sets a mode that {@link #makeRaw} has returned. */
  public static void restore(Fd terminal, byte[] mode) throws LinuxException {
    call(terminal, TCSETS, mode, "set the mode of");
  }

  private static void call(Fd fd, long request, byte[] argument, String operation)
      throws LinuxException {
    try (Fd.Use use = fd.use(operation)) {
      Sys.check(LibC.ioctl(use.number(), request, argument), operation, fd.name());
    }
  }
}
