package dev.hearth.runtime.snapshot;

import java.util.List;

/**
 * One entry of a layer's archive, as the archive has it: paths are not yet normalised, whiteouts
 * are still files with reserved names. A regular file's content follows it in the stream.
 */
sealed interface LayerEntry {
  /** The path as it stands in the archive. */
  RawBytes path();

  record Directory(RawBytes path, Attributes attributes) implements LayerEntry {}

  /**
   * @param size bytes, holes included
   */
  record RegularFile(RawBytes path, Attributes attributes, long size) implements LayerEntry {}

  record Symlink(RawBytes path, Attributes attributes, RawBytes target) implements LayerEntry {}

  /**
   * A further name of a file that stands earlier in the archive; it has no attributes of its own.
   */
  record HardLink(RawBytes path, RawBytes target) implements LayerEntry {}

  record Device(RawBytes path, Attributes attributes, boolean block, int major, int minor)
      implements LayerEntry {}

  record Fifo(RawBytes path, Attributes attributes) implements LayerEntry {}

  /**
   * Who owns an entry and when it was changed.
   *
   * @param mode permission bits with setuid, setgid and sticky; no file type
   * @param uid unsigned 32 bits
   * @param gid unsigned 32 bits
   * @param mtimeSeconds since the epoch; may be negative
   * @param mtimeNanos 0 to 999,999,999
   * @param xattrs as the archive has them, in its order
   */
  record Attributes(
      int mode, int uid, int gid, long mtimeSeconds, int mtimeNanos, List<Xattr> xattrs) {
    public Attributes {
      xattrs = List.copyOf(xattrs);
    }
  }

  record Xattr(RawBytes name, RawBytes value) {}
}
