package dev.hearth.linux;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * read(2), write(2) and their kin at an offset, for buffers of either kind. A heap buffer goes
 * through C memory: handed to JNA as an array it would be copied whole both ways, whatever little
 * was transferred.
 */
final class Transfer {
  /** Stands for the file's own offset. */
  static final long OWN_OFFSET = -1;

  /** What a heap buffer is read or written by at most, in bytes. */
  private static final int CHUNK = 64 * 1024;

  private Transfer() {}

  static int read(Fd fd, ByteBuffer to, long offset) throws LinuxException {
    if (!to.hasRemaining()) {
      return 0;
    }
    try (Fd.Use use = fd.use("read")) {
      int read = to.isDirect() ? readDirect(use, to, offset) : readHeap(use, to, offset);
      return read == 0 ? -1 : Math.max(read, 0);
    }
  }

  /** Bytes read; 0 at the end; -1 when there are none now. */
  private static int readDirect(Fd.Use use, ByteBuffer to, long offset) throws LinuxException {
    long read;
    do {
      read =
          offset == OWN_OFFSET
              ? LibC.read(use.number(), to, to.remaining())
              : LibC.pread(use.number(), to, to.remaining(), offset);
    } while (read < 0 && isInterruption("read", use));
    to.position(to.position() + (int) Math.max(read, 0));
    return (int) read;
  }

  private static int readHeap(Fd.Use use, ByteBuffer to, long offset) throws LinuxException {
    int size = Math.min(to.remaining(), CHUNK);
    long memory = allocate(size);
    try {
      long read;
      do {
        read =
            offset == OWN_OFFSET
                ? LibC.read(use.number(), memory, size)
                : LibC.pread(use.number(), memory, size, offset);
      } while (read < 0 && isInterruption("read", use));
      if (read > 0) {
        to.put(new Pointer(memory).getByteBuffer(0, read));
      }
      return (int) read;
    } finally {
      Native.free(memory);
    }
  }

  static int write(Fd fd, ByteBuffer from, long offset) throws LinuxException {
    try (Fd.Use use = fd.use("write")) {
      int written = from.isDirect() ? writeDirect(use, from, offset) : writeHeap(use, from, offset);
      from.position(from.position() + Math.max(written, 0));
      return Math.max(written, 0);
    }
  }

  /** Bytes written; -1 when there is no room now. */
  private static int writeDirect(Fd.Use use, ByteBuffer from, long offset) throws LinuxException {
    long written;
    do {
      written =
          offset == OWN_OFFSET
              ? LibC.write(use.number(), from, from.remaining())
              : LibC.pwrite(use.number(), from, from.remaining(), offset);
    } while (written < 0 && isInterruption("write", use));
    return (int) written;
  }

  private static int writeHeap(Fd.Use use, ByteBuffer from, long offset) throws LinuxException {
    int size = Math.min(from.remaining(), CHUNK);
    long memory = allocate(size);
    try {
      new Pointer(memory).getByteBuffer(0, size).put(0, from, from.position(), size);
      long written;
      do {
        written =
            offset == OWN_OFFSET
                ? LibC.write(use.number(), memory, size)
                : LibC.pwrite(use.number(), memory, size, offset);
      } while (written < 0 && isInterruption("write", use));
      return (int) written;
    } finally {
      Native.free(memory);
    }
  }

  private static long allocate(int size) {
    long memory = Native.malloc(Math.max(size, 1));
    if (memory == 0) {
      throw new OutOfMemoryError("no memory to transfer " + size + " bytes");
    }
    return memory;
  }

  /** Whether a failed call is to be made again; false when it would have had to wait. */
  private static boolean isInterruption(String operation, Fd.Use use) throws LinuxException {
    int errno = Native.getLastError();
    if (errno == Errno.EINTR.number()) {
      return true;
    }
    if (errno == Errno.EAGAIN.number()) {
      return false;
    }
    throw new LinuxException(operation, use.name(), errno);
  }
}
