package dev.hearth.runtime.image;

/**
 * What an image may be at most, and how much is done at once. What one layer may hold is bounded
 * where it is unpacked.
 *
 * @param layers in one image; overlayfs stacks 500 at most
 * @param configBytes of its configuration
 * @param compressedBytes of one layer, as transferred
 * @param archiveBytes of all its layers together, uncompressed
 * @param downloads at once from one registry
 * @param allDownloads at once from all registries: a slow one must not keep the others waiting
 * @param unpackings at once from one registry
 * @param allUnpackings at once from all registries: each takes some MiB of heap
 */
public record PullLimits(
    int layers,
    int configBytes,
    long compressedBytes,
    long archiveBytes,
    int downloads,
    int allDownloads,
    int unpackings,
    int allUnpackings) {
  public static final PullLimits DEFAULT =
      new PullLimits(256, 2 << 20, 64L << 30, 256L << 30, 4, 16, 3, 8);

  public PullLimits {
    if (layers < 1
        || configBytes < 1
        || compressedBytes < 1
        || archiveBytes < 1
        || downloads < 1
        || allDownloads < downloads
        || unpackings < 1
        || allUnpackings < unpackings) {
      throw new IllegalArgumentException(
          "limits of a pull must be positive, and those of all registries not below those of one");
    }
  }
}
