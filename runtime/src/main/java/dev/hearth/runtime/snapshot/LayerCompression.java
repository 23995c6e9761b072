package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;

/** How a layer's archive is packed. */
enum LayerCompression {
  NONE("not compressed"),
  GZIP("gzip"),
  ZSTD("zstd");

  private static final Set<String> PLAIN =
      Set.of(
          "application/vnd.oci.image.layer.v1.tar",
          "application/vnd.oci.image.layer.nondistributable.v1.tar",
          "application/vnd.docker.image.rootfs.diff.tar",
          "application/vnd.docker.image.rootfs.foreign.diff.tar");

  private final String words;

  LayerCompression(String words) {
    this.words = words;
  }

  /**
   * What a media type promises (OCI Image Specification 1.1, layer.md; Docker image manifest schema
   * 2).
   *
   * @throws LayerException when it is not that of a file system layer
   */
  static LayerCompression ofMediaType(String mediaType) throws LayerException {
    String type = mediaType.strip();
    if (PLAIN.contains(type)) {
      return NONE;
    }
    for (LayerCompression compression : List.of(GZIP, ZSTD)) {
      int split = type.length() - compression.words.length() - 1;
      if (type.endsWith(compression.words)
          && split > 0
          && (type.charAt(split) == '+' || type.charAt(split) == '.')
          && PLAIN.contains(type.substring(0, split))) {
        return compression;
      }
    }
    throw LayerException.unsupported("not the media type of a file system layer: " + mediaType);
  }

  /**
   * Checks the first bytes against the promise. An archive's own first bytes are a name, so every
   * magic number tells.
   *
   * @param start the first bytes, fewer than four only when the stream is that short
   */
  void verify(byte[] start, int length) throws LayerException {
    LayerCompression found = NONE;
    if (length >= 2 && (start[0] & 0xFF) == 0x1F && (start[1] & 0xFF) == 0x8B) {
      found = GZIP;
    } else if (length >= 4 && isZstd(start)) {
      found = ZSTD;
    }
    if (found != this) {
      throw LayerException.malformed(
          "the layer's media type says "
              + words
              + ", its content is "
              + (found == NONE ? "neither gzip nor zstd" : found.words));
    }
  }

  /** A frame, or a skippable one (RFC 8878, 3.1). */
  private static boolean isZstd(byte[] b) {
    boolean tail = (b[1] & 0xFF) == 0xB5 && b[2] == 0x2F && (b[3] & 0xFF) == 0xFD;
    boolean skippable = b[1] == 0x2A && b[2] == 0x4D && b[3] == 0x18;
    return (tail && b[0] == 0x28) || (skippable && (b[0] & 0xF0) == 0x50);
  }

  /** Reads as much as there is, up to the buffer's length. */
  static int readFully(InputStream in, byte[] buffer) throws IOException {
    return in.readNBytes(buffer, 0, buffer.length);
  }
}
