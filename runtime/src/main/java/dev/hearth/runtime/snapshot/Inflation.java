package dev.hearth.runtime.snapshot;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;

/**
 * Decompresses a layer into a {@link ChunkPipe}. Runs on a thread of its own beside the one that
 * digests and writes: decompression is the longest single stage of a pull and nothing else may wait
 * in its way.
 */
final class Inflation {
  private Inflation() {}

  /** Pumps everything; returns early when the reader gave up. */
  static void run(InputStream compressed, LayerCompression compression, ChunkPipe pipe)
      throws LayerException, IOException, InterruptedException {
    byte[] start = new byte[4];
    int length = LayerCompression.readFully(compressed, start);
    compression.verify(start, length);
    InputStream whole =
        new SequenceInputStream(new ByteArrayInputStream(start, 0, length), compressed);
    switch (compression) {
      case NONE -> pump(whole, pipe);
      case GZIP -> new GzipInflation(whole).run(pipe);
      case ZSTD -> zstd(whole, pipe);
    }
  }

  private static void zstd(InputStream in, ChunkPipe pipe)
      throws LayerException, IOException, InterruptedException {
    // The default window bound of 128 MiB stands: it is what zstd's own tools accept.
    try (var plain = new ZstdInputStreamNoFinalizer(in)) {
      pump(plain, pipe);
    } catch (ZstdIOException e) {
      throw new LayerException(
          LayerException.Reason.MALFORMED, "broken zstd stream: " + e.getMessage(), e);
    }
  }

  private static void pump(InputStream in, ChunkPipe pipe)
      throws IOException, InterruptedException {
    while (true) {
      ChunkSource.Chunk chunk = pipe.obtain();
      if (chunk == null) {
        return;
      }
      chunk.length = in.readNBytes(chunk.bytes, 0, chunk.bytes.length);
      if (chunk.length == 0) {
        return;
      }
      pipe.publish(chunk);
    }
  }
}
