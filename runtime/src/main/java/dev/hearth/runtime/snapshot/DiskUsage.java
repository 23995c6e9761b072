package dev.hearth.runtime.snapshot;

/**
 * Space taken on disk.
 *
 * @param bytes allocated, not apparent
 * @param inodes files, directories and everything else that has one
 */
public record DiskUsage(long bytes, long inodes) {
  public static final DiskUsage NONE = new DiskUsage(0, 0);

  public DiskUsage plus(DiskUsage other) {
    return new DiskUsage(bytes + other.bytes, inodes + other.inodes);
  }
}
