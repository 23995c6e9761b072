package dev.hearth.runtime.snapshot;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Hands out a stream in pieces. One reader. */
interface ChunkSource {
  /**
   * The next piece, which is the reader's until it asks for another; null at the end of the stream.
   *
   * @throws LayerException when the stream is not what it says to be
   * @throws IOException when it cannot be read
   */
  @Nullable Chunk next() throws LayerException, IOException, InterruptedException;

  /** A piece of the stream: {@code length} bytes from the start of {@link #bytes}. */
  final class Chunk {
    final byte[] bytes;
    int length;

    Chunk(byte[] bytes) {
      this.bytes = bytes;
    }
  }
}
