package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Inflates gzip (RFC 1952), any number of members one after the other, straight into a pipe's
 * chunks. The members' CRC-32 is not computed: the SHA-256 of the whole says more.
 */
final class GzipInflation {
  private static final int BUFFER = 128 << 10;
  private static final int FLAG_HEADER_CRC = 1 << 1;
  private static final int FLAG_EXTRA = 1 << 2;
  private static final int FLAG_NAME = 1 << 3;
  private static final int FLAG_COMMENT = 1 << 4;
  private static final int FLAGS_RESERVED = 0xE0;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int position;
  private int limit;

  GzipInflation(InputStream in) {
    this.in = in;
  }

  void run(ChunkPipe pipe) throws LayerException, IOException, InterruptedException {
    Inflater inflater = new Inflater(true);
    ChunkSource.Chunk chunk = null;
    try {
      while (position < limit || fill()) {
        readHeader();
        chunk = member(inflater, chunk, pipe);
        if (chunk == null) {
          return; // the reader gave up
        }
        readTrailer(inflater.getBytesWritten());
        inflater.reset();
      }
    } finally {
      inflater.end();
    }
    if (chunk != null && chunk.length > 0) {
      pipe.publish(chunk);
    }
  }

  /** Inflates one member, on behind what the chunk already holds; null when the reader gave up. */
  private ChunkSource.@Nullable Chunk member(
      Inflater inflater, ChunkSource.@Nullable Chunk first, ChunkPipe pipe)
      throws LayerException, IOException, InterruptedException {
    ChunkSource.Chunk chunk = first;
    inflater.setInput(buffer, position, limit - position);
    while (true) {
      if (chunk == null) {
        chunk = pipe.obtain();
        if (chunk == null) {
          return null;
        }
        chunk.length = 0;
      }
      chunk.length += inflate(inflater, chunk);
      if (inflater.finished()) {
        position = limit - inflater.getRemaining();
        return chunk;
      }
      if (chunk.length == chunk.bytes.length) {
        pipe.publish(chunk);
        chunk = null;
      } else if (inflater.needsInput()) {
        if (!fill()) {
          throw truncated();
        }
        inflater.setInput(buffer, 0, limit);
      } else if (inflater.needsDictionary()) {
        throw LayerException.malformed("broken gzip stream: it asks for a dictionary");
      }
    }
  }

  private static int inflate(Inflater inflater, ChunkSource.Chunk chunk) throws LayerException {
    try {
      return inflater.inflate(chunk.bytes, chunk.length, chunk.bytes.length - chunk.length);
    } catch (DataFormatException e) {
      throw new LayerException(
          LayerException.Reason.MALFORMED, "broken gzip stream: " + e.getMessage(), e);
    }
  }

  private void readHeader() throws LayerException, IOException {
    if (nextByte() != 0x1F || nextByte() != 0x8B) {
      throw LayerException.malformed("bytes that are no gzip follow the gzip stream");
    }
    int method = nextByte();
    int flags = nextByte();
    if (method != 8 || (flags & FLAGS_RESERVED) != 0) {
      throw LayerException.malformed("a gzip stream of an unknown kind");
    }
    skip(6); // time, extra flags, operating system
    if ((flags & FLAG_EXTRA) != 0) {
      skip(nextByte() | (nextByte() << 8));
    }
    if ((flags & FLAG_NAME) != 0) {
      skipString();
    }
    if ((flags & FLAG_COMMENT) != 0) {
      skipString();
    }
    if ((flags & FLAG_HEADER_CRC) != 0) {
      skip(2);
    }
  }

  private void readTrailer(long written) throws LayerException, IOException {
    skip(4);
    int size = nextByte() | (nextByte() << 8) | (nextByte() << 16) | (nextByte() << 24);
    if (size != (int) written) {
      throw LayerException.malformed("broken gzip stream: it has not the length it says");
    }
  }

  private void skip(int count) throws LayerException, IOException {
    for (int i = 0; i < count; i++) {
      nextByte();
    }
  }

  private void skipString() throws LayerException, IOException {
    int b;
    do {
      b = nextByte();
    } while (b != 0);
  }

  private int nextByte() throws LayerException, IOException {
    if (position == limit && !fill()) {
      throw truncated();
    }
    return buffer[position++] & 0xFF;
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, in.read(buffer, 0, buffer.length));
    return limit > 0;
  }

  private static LayerException truncated() {
    return LayerException.malformed("the gzip stream ends early");
  }
}
