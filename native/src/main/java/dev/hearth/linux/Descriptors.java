package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Calls on open descriptors.
 *
 * <p>On descriptors that block, reads and writes pin a virtual thread's carrier for as long as they
 * take: make them non-blocking and wait with a {@link Poller}, or use {@link BlockingCalls}.
 */
public final class Descriptors {
  private static final int LOCK_SHARED = 1;
  private static final int LOCK_EXCLUSIVE = 2;
  private static final int LOCK_NONBLOCKING = 4;
  private static final int LOCK_UNLOCK = 8;
  private static final int KEEP_SIZE = 1;
  private static final int SEEK_CUR = 1;

  private Descriptors() {}

  /**
   * Reads into the buffer's remaining space.
   *
   * @return bytes read; -1 at the end; 0 when a non-blocking descriptor has none now
   */
  public static int read(Fd fd, ByteBuffer to) throws LinuxException {
    return Transfer.read(fd, to, Transfer.OWN_OFFSET);
  }

  /** As {@link #read(Fd, ByteBuffer)}, at an offset in bytes and without moving the file's own. */
  public static int read(Fd fd, ByteBuffer to, long offset) throws LinuxException {
    return Transfer.read(fd, to, offset);
  }

  /**
   * Writes the buffer's remaining bytes, or some of them.
   *
   * @return bytes written; 0 when a non-blocking descriptor takes none now
   */
  public static int write(Fd fd, ByteBuffer from) throws LinuxException {
    return Transfer.write(fd, from, Transfer.OWN_OFFSET);
  }

  /** As {@link #write(Fd, ByteBuffer)}, at an offset in bytes, without moving the file's own. */
  public static int write(Fd fd, ByteBuffer from, long offset) throws LinuxException {
    return Transfer.write(fd, from, offset);
  }

  /** Writes all remaining bytes to a descriptor that blocks, or a file. */
  public static void writeAll(Fd fd, ByteBuffer from) throws LinuxException {
    while (from.hasRemaining()) {
      if (write(fd, from) == 0) {
        throw new LinuxException("write", fd.name(), Errno.EAGAIN);
      }
    }
  }

  /** Another descriptor of the same open file. */
  public static Fd duplicate(Fd fd) throws LinuxException {
    return duplicate(fd, 0);
  }

  /** Another descriptor of the same open file, its number at least this. */
  public static Fd duplicate(Fd fd, int atLeast) throws LinuxException {
    try (Fd.Use use = fd.use("duplicate")) {
      int copy = LibC.fcntl(use.number(), Fcntl.DUPFD_CLOEXEC, atLeast);
      return new Fd(Sys.check(copy, "duplicate", fd.name()), fd.name());
    }
  }

  /** Sets or clears O_NONBLOCK, for every descriptor of this open file. */
  public static void setNonBlocking(Fd fd, boolean nonBlocking) throws LinuxException {
    String operation = "set mode of";
    try (Fd.Use use = fd.use(operation)) {
      int flags = Sys.check(LibC.fcntl(use.number(), Fcntl.GETFL, 0), operation, fd.name());
      int bit = (int) OpenFlag.NONBLOCKING.bits();
      int wanted = nonBlocking ? flags | bit : flags & ~bit;
      if (wanted != flags) {
        Sys.check(LibC.fcntl(use.number(), Fcntl.SETFL, wanted), operation, fd.name());
      }
    }
  }

  /** Sets a pipe's capacity in bytes, which the kernel rounds up to pages. */
  public static void setPipeCapacity(Fd pipe, int bytes) throws LinuxException {
    try (Fd.Use use = pipe.use("set capacity of")) {
      int result = LibC.fcntl(use.number(), Fcntl.SETPIPE_SZ, bytes);
      Sys.check(result, "set capacity of", pipe.name());
    }
  }

  /** Seals a memory file against writing, growing, shrinking and further seals. */
  public static void seal(Fd memory) throws LinuxException {
    try (Fd.Use use = memory.use("seal")) {
      Sys.check(LibC.fcntl(use.number(), Fcntl.ADD_SEALS, 0xF), "seal", memory.name());
    }
  }

  /** Seals the size of a memory file for good; what would be written beyond it fails with EPERM. */
  public static void sealSize(Fd memory) throws LinuxException {
    try (Fd.Use use = memory.use("seal")) {
      Sys.check(LibC.fcntl(use.number(), Fcntl.ADD_SEALS, 0x7), "seal", memory.name());
    }
  }

  /** The file's own offset, in bytes from its start. */
  public static long position(Fd fd) throws LinuxException {
    try (Fd.Use use = fd.use("find position in")) {
      return Sys.check(LibC.lseek(use.number(), 0, SEEK_CUR), "find position in", fd.name());
    }
  }

  /** Moves the file's own offset, in bytes from its start. */
  public static void seek(Fd fd, long offset) throws LinuxException {
    try (Fd.Use use = fd.use("seek in")) {
      Sys.check(LibC.lseek(use.number(), offset, 0), "seek in", fd.name());
    }
  }

  /** Sets the size in bytes. */
  public static void truncate(Fd fd, long size) throws LinuxException {
    try (Fd.Use use = fd.use("truncate")) {
      Sys.check(LibC.ftruncate(use.number(), size), "truncate", fd.name());
    }
  }

  /**
   * Reserves room on the disk.
   *
   * @param keepSize leave the file's size as it is
   */
  public static void allocate(Fd fd, long offset, long size, boolean keepSize)
      throws LinuxException {
    try (Fd.Use use = fd.use("allocate")) {
      int result = LibC.fallocate(use.number(), keepSize ? KEEP_SIZE : 0, offset, size);
      Sys.check(result, "allocate", fd.name());
    }
  }

  /** Writes content and metadata to the disk. Blocks. */
  public static void sync(Fd fd) throws LinuxException {
    try (Fd.Use use = fd.use("sync")) {
      Sys.check(LibC.fsync(use.number()), "sync", fd.name());
    }
  }

  /** Writes content, and what is needed to read it, to the disk. Blocks. */
  public static void syncData(Fd fd) throws LinuxException {
    try (Fd.Use use = fd.use("sync data of")) {
      Sys.check(LibC.fdatasync(use.number()), "sync data of", fd.name());
    }
  }

  /** Writes the whole file system that holds the file to the disk. Blocks. */
  public static void syncFileSystem(Fd fd) throws LinuxException {
    try (Fd.Use use = fd.use("sync file system of")) {
      Sys.check(LibC.syncfs(use.number()), "sync file system of", fd.name());
    }
  }

  /**
   * Takes the whole-file lock of flock(2), kept until every descriptor of this open file is closed.
   *
   * @return false when somebody else has it
   */
  public static boolean tryLock(Fd fd, boolean exclusive) throws LinuxException {
    int operation = (exclusive ? LOCK_EXCLUSIVE : LOCK_SHARED) | LOCK_NONBLOCKING;
    try (Fd.Use use = fd.use("lock")) {
      if (LibC.flock(use.number(), operation) == 0) {
        return true;
      }
      if (Sys.failedWith(Errno.EAGAIN)) {
        return false;
      }
      throw Sys.failure("lock", fd.name());
    }
  }

  /** Gives the lock back. */
  public static void unlock(Fd fd) throws LinuxException {
    try (Fd.Use use = fd.use("unlock")) {
      Sys.check(LibC.flock(use.number(), LOCK_UNLOCK), "unlock", fd.name());
    }
  }

  /** One descriptor of a poll(2) and what it is waited for. */
  public record Interest(Fd fd, boolean readable, boolean writable) {}

  /**
   * Waits with poll(2) until one is ready, has failed or was hung up. Blocks this platform thread;
   * on virtual threads use a {@link Poller}.
   *
   * @return index of the first that is ready; empty when the time is up
   */
  public static Optional<Integer> poll(List<Interest> interests, Duration timeout)
      throws LinuxException {
    return Polling.poll(interests, timeout);
  }
}
