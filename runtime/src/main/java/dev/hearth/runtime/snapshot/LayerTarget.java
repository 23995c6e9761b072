package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;

/**
 * What a layer becomes on disk. Content comes first, file by file while the archive is read; names
 * come last and at once, when all are known to be sound.
 */
sealed interface LayerTarget extends ContentSink, AutoCloseable permits ErofsTarget, FolderTarget {
  /**
   * Begins a file; its content follows.
   *
   * @return where the content is, a number for {@link LayerTree#setData}
   */
  int startFile(long size) throws LayerException, IOException;

  /** Ends the file begun last. */
  void endFile() throws IOException;

  /**
   * Writes names, inodes and the record, and waits until all is on the disk.
   *
   * @param tree sealed
   * @param diffId of the layer
   */
  void finish(LayerTree tree, LayerRecord record, Digest diffId) throws LayerException, IOException;

  /** Lets go of what is open; what is unfinished stays on disk for the store to remove. */
  @Override
  void close() throws IOException;
}
