package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Memory for what must be known of every entry of a layer until it is complete. The first few MiB,
 * enough for any ordinary layer, are heap; what a huge layer needs beyond that is a mapped file, so
 * that no archive can exhaust the daemon's heap. One thread; {@link #close()} on the same.
 */
final class Scratch implements AutoCloseable {
  private static final int HEAP_BYTES = 4 << 20;

  private final Path file;
  private int heapLeft = HEAP_BYTES;
  private @Nullable FileChannel channel;
  private @Nullable Arena arena;
  private long fileBytes;

  /**
   * @param file made when needed, and unlinked at once
   */
  Scratch(Path file) {
    this.file = file;
  }

  /** Zeroed memory in little-endian order. */
  ByteBuffer allocate(int bytes) throws IOException {
    if (bytes <= heapLeft) {
      heapLeft -= bytes;
      return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
    return map(bytes);
  }

  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena
  private ByteBuffer map(int bytes) throws IOException {
    FileChannel c = channel;
    Arena a = arena;
    if (c == null || a == null) {
      c =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      channel = c;
      Files.delete(file);
      a = Arena.ofConfined();
      arena = a;
    }
    // Written, not only sized: a full disk must show here, since in a mapping it is a SIGBUS.
    ByteBuffer zeros = ByteBuffer.allocate(64 << 10);
    long end = fileBytes + bytes;
    for (long at = fileBytes; at < end; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), end - at));
      at += c.write(zeros, at);
    }
    ByteBuffer mapped =
        c.map(FileChannel.MapMode.READ_WRITE, fileBytes, bytes, a)
            .asByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    fileBytes = end;
    return mapped;
  }

  @Override
  public void close() throws IOException {
    if (arena != null) {
      arena.close();
    }
    if (channel != null) {
      channel.close();
    }
  }
}
