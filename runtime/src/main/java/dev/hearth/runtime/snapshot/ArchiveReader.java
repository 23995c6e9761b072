package dev.hearth.runtime.snapshot;

import dev.hearth.linux.FastSha256;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.security.MessageDigest;

/**
 * Reads an uncompressed archive and digests every byte of it, content being passed on without a
 * copy. One thread.
 */
final class ArchiveReader {
  private final ChunkSource source;
  private final MessageDigest sha256;
  private final long maxBytes;

  /** The piece at hand, the reader's only until the next is asked for: then the writer's again. */
  private byte[] piece = new byte[0];

  private int position;
  private int limit;
  private boolean ended;
  private long arrived;

  /**
   * @param maxBytes how long the archive may be
   */
  ArchiveReader(ChunkSource source, long maxBytes) {
    this.source = source;
    this.maxBytes = maxBytes;
    this.sha256 = FastSha256.begin();
  }

  /**
   * Fills the buffer, or reads nothing because the archive ended.
   *
   * @throws LayerException when it ends in the middle
   */
  boolean readBlock(byte[] buffer) throws LayerException, IOException, InterruptedException {
    if (available() == 0) {
      return false;
    }
    read(buffer, 0, buffer.length);
    return true;
  }

  /** Reads exactly as much. */
  void read(byte[] buffer, int offset, int length)
      throws LayerException, IOException, InterruptedException {
    int done = 0;
    while (done < length) {
      int n = Math.min(length - done, needed());
      System.arraycopy(piece, position, buffer, offset + done, n);
      position += n;
      done += n;
    }
  }

  /** Passes exactly as much on. */
  void pass(long length, ContentSink sink)
      throws LayerException, IOException, InterruptedException {
    long left = length;
    while (left > 0) {
      int n = (int) Math.min(left, needed());
      sink.content(piece, position, n);
      position += n;
      left -= n;
    }
  }

  /** Reads exactly as much and forgets it. */
  void skip(long length) throws LayerException, IOException, InterruptedException {
    long left = length;
    while (left > 0) {
      int n = (int) Math.min(left, needed());
      position += n;
      left -= n;
    }
  }

  /** Reads on to the end of the stream: what follows an archive's end still is in its digest. */
  void drain() throws LayerException, IOException, InterruptedException {
    int n;
    while ((n = available()) > 0) {
      position += n;
    }
  }

  /** Bytes read so far. */
  long bytes() {
    return arrived - limit + position;
  }

  /** The digest of the whole archive; call once, at its end. */
  Digest digest() {
    return Sha256.finish(sha256);
  }

  private int needed() throws LayerException, IOException, InterruptedException {
    int n = available();
    if (n == 0) {
      throw LayerException.malformed("the archive ends early, after " + arrived + " bytes");
    }
    return n;
  }

  /** How many bytes can be had at once; 0 at the end. */
  private int available() throws LayerException, IOException, InterruptedException {
    while (position == limit && !ended) {
      ChunkSource.Chunk next = source.next();
      position = 0;
      limit = 0;
      if (next == null) {
        ended = true;
        return 0;
      }
      piece = next.bytes;
      limit = next.length;
      arrived += limit;
      if (arrived > maxBytes) {
        throw LayerException.limit("the archive is longer than " + maxBytes + " bytes");
      }
      sha256.update(piece, 0, limit);
    }
    return limit - position;
  }
}
