package dev.hearth.linux;

import com.sun.jna.Native;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Turns results into exceptions and names into bytes.
 *
 * <p>JNA keeps errno per kernel thread. A virtual thread that waits for anything between a call and
 * the look at its errno, be it only for a class to load, may go on where another's errno is. So
 * look first, and compose messages after.
 */
final class Sys {
  private Sys() {}

  static int check(int result, String operation, String path) throws LinuxException {
    if (result < 0) {
      throw failure(operation, path);
    }
    return result;
  }

  static long check(long result, String operation, String path) throws LinuxException {
    if (result < 0) {
      throw failure(operation, path);
    }
    return result;
  }

  /** As the others, for an entry of a directory. */
  static int check(int result, String operation, Fd dir, String name) throws LinuxException {
    if (result < 0) {
      throw failure(operation, dir, name);
    }
    return result;
  }

  /** The error number of the call just made on this thread. */
  static int errno() {
    return Native.getLastError();
  }

  /** The failure of the call just made on this thread. */
  static LinuxException failure(String operation, String path) {
    return new LinuxException(operation, path, errno());
  }

  /** As the other, for an entry of a directory. */
  static LinuxException failure(String operation, Fd dir, String name) {
    int errno = errno();
    return new LinuxException(operation, inside(dir, name), errno);
  }

  /** Whether the call just made on this thread failed with this. */
  static boolean failedWith(Errno errno) {
    return errno() == errno.number();
  }

  static String inside(Fd dir, String name) {
    return name.startsWith("/") || name.isEmpty() ? dir.name() + name : dir.name() + "/" + name;
  }

  /**
   * The bytes of a name, ending in NUL. They are UTF-8; a lone surrogate U+DC80 to U+DCFF stands
   * for the byte 0x80 to 0xFF, as {@link #decode} makes it from a name that is no UTF-8.
   *
   * @throws LinuxException EINVAL when the name itself holds a NUL
   */
  static byte[] encode(String operation, String name) throws LinuxException {
    int length = name.length();
    byte[] bytes = new byte[length + 1];
    for (int i = 0; i < length; i++) {
      char c = name.charAt(i);
      if (c == 0) {
        throw new LinuxException(operation, name.replace("\0", "\\0"), Errno.EINVAL);
      }
      if (c >= 0x80) {
        return encodeWide(operation, name);
      }
      bytes[i] = (byte) c;
    }
    return bytes;
  }

  private static byte[] encodeWide(String operation, String name) throws LinuxException {
    var out = new ByteArrayOutputStream(name.length() * 2);
    for (int i = 0; i < name.length(); ) {
      int point = name.codePointAt(i);
      i += Character.charCount(point);
      if (point == 0) {
        throw new LinuxException(operation, name.replace("\0", "\\0"), Errno.EINVAL);
      }
      if (point >= 0xDC80 && point <= 0xDCFF) {
        out.write(point - 0xDC00);
      } else {
        out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
    }
    out.write(0);
    return out.toByteArray();
  }

  /** The name in these bytes; what is no UTF-8 becomes lone surrogates, so nothing is lost. */
  static String decode(byte[] bytes, int from, int to) {
    String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      return text;
    }
    return decodeInvalid(bytes, from, to);
  }

  private static String decodeInvalid(byte[] bytes, int from, int to) {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var in = ByteBuffer.wrap(bytes, from, to - from);
    var out = CharBuffer.allocate(to - from);
    while (true) {
      var result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (0xDC00 + (in.get() & 0xFF)));
      }
      decoder.reset();
    }
  }
}
