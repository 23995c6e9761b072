package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * What statfs(2) tells of a file system.
 *
 * @param magic its kind, one of the constants here or of linux/magic.h
 * @param blockSize unit of blocks, in bytes
 * @param freeBlocks free for root
 * @param availableBlocks free for everybody
 */
public record FileSystemStatus(
    long magic,
    long blockSize,
    long blocks,
    long freeBlocks,
    long availableBlocks,
    long inodes,
    long freeInodes) {
  public static final long OVERLAY = 0x794c7630L;
  public static final long EROFS = 0xE0F5E1E2L;
  public static final long TMPFS = 0x01021994L;
  public static final long CGROUP = 0x27e0ebL;
  public static final long CGROUP2 = 0x63677270L;
  public static final long NSFS = 0x6e736673L;
  public static final long PROC = 0x9fa0L;
  public static final long EXT4 = 0xEF53L;
  public static final long XFS = 0x58465342L;
  public static final long BTRFS = 0x9123683EL;

  private static final int SIZE = 120;

  /** The file system a path lies on. */
  public static FileSystemStatus of(Path path) throws LinuxException {
    byte[] buffer = new byte[SIZE];
    String operation = "look at file system of";
    String name = path.toString();
    Sys.check(LibC.statfs(Sys.encode(operation, name), buffer), operation, name);
    return decode(buffer);
  }

  /** The file system an open file lies on. */
  public static FileSystemStatus of(Fd file) throws LinuxException {
    byte[] buffer = new byte[SIZE];
    String operation = "look at file system of";
    try (Fd.Use use = file.use(operation)) {
      Sys.check(LibC.fstatfs(use.number(), buffer), operation, file.name());
    }
    return decode(buffer);
  }

  private static FileSystemStatus decode(byte[] buffer) {
    ByteBuffer in = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
    return new FileSystemStatus(
        in.getLong(0) & 0xFFFF_FFFFL,
        in.getLong(8),
        in.getLong(16),
        in.getLong(24),
        in.getLong(32),
        in.getLong(40),
        in.getLong(48));
  }
}
