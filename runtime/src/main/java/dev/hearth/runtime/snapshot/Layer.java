package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import java.nio.file.Path;

/**
 * A layer in the store, whole.
 *
 * @param diffId digest of its uncompressed archive
 * @param path an image file, or a folder with the layer's files
 * @param archiveBytes length of the uncompressed archive
 * @param diskBytes what it occupies, in bytes
 * @param diskInodes what it occupies, in inodes
 * @param rootOpaque whether it hides all layers below
 * @param implies whether there are directories its archive only implied, which therefore belong to
 *     whom a layer below says
 */
public record Layer(
    Digest diffId,
    LayerFormat format,
    Path path,
    long archiveBytes,
    long diskBytes,
    long diskInodes,
    boolean rootOpaque,
    boolean implies) {

  /** Where its record stands. */
  Path recordFile() {
    return recordFile(format, path);
  }

  static Path recordFile(LayerFormat format, Path path) {
    return switch (format) {
      case EROFS -> path;
      case FOLDER -> path.resolve(FolderTarget.RECORD_NAME);
    };
  }

  /** The folder that holds the layer's files. */
  Path folder() {
    return path.resolve(FolderTarget.ROOT_NAME);
  }
}
