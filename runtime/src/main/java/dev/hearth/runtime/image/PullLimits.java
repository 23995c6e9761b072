package dev.hearth.runtime.image;

/**
 * What an image may be at most, and how much is done at once. What one layer may hold is bounded
 * where it is unpacked.
 *
 * @param layers in one image; overlayfs stacks 500 at most
 * @param configBytes of its configuration
 * @param compressedBytes of one layer, as transferred
 * @param archiveBytes of all its layers together, uncompressed
 * @param downloads at once, in the whole daemon
 * @param unpackings at once, in the whole daemon: each takes some MiB of heap
 */
public record PullLimits(
    int layers,
    int configBytes,
    long compressedBytes,
    long archiveBytes,
    int downloads,
    int unpackings) {
  public static final PullLimits DEFAULT =
      new PullLimits(256, 8 << 20, 64L << 30, 256L << 30, 4, 3);

  public PullLimits {
    if (layers < 1
        || configBytes < 1
        || compressedBytes < 1
        || archiveBytes < 1
        || downloads < 1
        || unpackings < 1) {
      throw new IllegalArgumentException("limits of a pull must be positive");
    }
  }
}
