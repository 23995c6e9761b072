package dev.hearth.runtime.snapshot;

/**
 * What a layer may be at most. An image comes from anywhere; these bounds are what stands between a
 * hostile one and the node's disk and memory.
 *
 * @param entries headers in the archive, directories it merely implies included. An entry costs
 *     about 120 bytes while its layer is unpacked: the first 4 MiB on the heap, the rest in a
 *     scratch file, beside 8 bytes of heap for its name's hash
 * @param archiveBytes length of the uncompressed archive
 * @param contentBytes sum of the sizes of all files, holes of sparse files included
 * @param pathBytes length of a path or link target, as PATH_MAX
 * @param depth directories above an entry
 * @param xattrBytes names and values of one entry's extended attributes
 * @param headerBytes one extension header (long name, PAX records), as Go's archive/tar
 */
public record LayerLimits(
    int entries,
    long archiveBytes,
    long contentBytes,
    int pathBytes,
    int depth,
    int xattrBytes,
    int headerBytes) {
  public static final LayerLimits DEFAULT =
      new LayerLimits(2_000_000, 128L << 30, 4L << 40, 4095, 1024, 128 << 10, 1 << 20);

  public LayerLimits {
    if (entries < 1
        || archiveBytes < 1
        || contentBytes < 0
        || pathBytes < 1
        || depth < 1
        || depth > 0xFFFF
        || xattrBytes < 0
        || headerBytes < 1) {
      throw new IllegalArgumentException("layer limits must be positive");
    }
    if (xattrBytes > 128 << 10) {
      throw new IllegalArgumentException("more than 128 KiB of attributes do not fit an inode");
    }
  }
}
