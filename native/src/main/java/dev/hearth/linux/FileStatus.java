package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * What statx(2) tells of a file.
 *
 * @param mode permissions with set-user, set-group and sticky bit
 * @param links number of names
 * @param size bytes
 * @param allocated bytes on the disk
 * @param device file system the file is on
 * @param special device the file stands for; 0:0 for others
 * @param mountId mount the file was reached through, as in /proc/self/mountinfo
 * @param mountRoot whether the file is the root of that mount
 */
public record FileStatus(
    FileType type,
    int mode,
    int uid,
    int gid,
    long inode,
    int links,
    long size,
    long allocated,
    Instant modified,
    Device device,
    Device special,
    long mountId,
    boolean mountRoot) {
  static final int SIZE = 256;

  /** STATX_BASIC_STATS and STATX_MNT_ID. */
  static final int MASK = 0x17FF;

  private static final long ATTRIBUTE_MOUNT_ROOT = 0x2000;

  static FileStatus of(byte[] statx) {
    ByteBuffer in = ByteBuffer.wrap(statx).order(ByteOrder.nativeOrder());
    int mode = in.getShort(28) & 0xFFFF;
    return new FileStatus(
        FileType.ofMode(mode),
        mode & 07777,
        in.getInt(20),
        in.getInt(24),
        in.getLong(32),
        in.getInt(16),
        in.getLong(40),
        in.getLong(48) * 512,
        Instant.ofEpochSecond(in.getLong(112), in.getInt(120)),
        new Device(in.getInt(136), in.getInt(140)),
        new Device(in.getInt(128), in.getInt(132)),
        in.getLong(144),
        (in.getLong(8) & ATTRIBUTE_MOUNT_ROOT) != 0);
  }

  /** Whether two are the same file. */
  public boolean sameFile(FileStatus other) {
    return inode == other.inode && device.equals(other.device);
  }
}
