package dev.hearth.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** A log being read, while another process appends to it and a third may rename it away. */
final class LogFile implements AutoCloseable {
  private static final int BLOCK = 1 << 16;

  private final Path path;
  private FileChannel channel;
  private Object identity;

  private LogFile(Path path, FileChannel channel, Object identity) {
    this.path = path;
    this.channel = channel;
    this.identity = identity;
  }

  /**
   * Opens the log at its beginning.
   *
   * @throws NoSuchFileException if it is not there
   */
  static LogFile open(Path path) throws IOException {
    while (true) {
      Object before = identity(path);
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        // The name led to the same file before and after, so that is the one that was opened.
        if (identity(path).equals(before)) {
          return new LogFile(path, channel, before);
        }
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      channel.close();
    }
  }

  /** Moves to where the last lines begin; a line in several records counts once. */
  void seekToLastLines(long lines) throws IOException {
    channel.position(new LineSearch(channel).startOfLast(lines));
  }

  /**
   * @return bytes read, 0 at the present end
   */
  int read(byte[] into) throws IOException {
    return Math.max(0, channel.read(ByteBuffer.wrap(into)));
  }

  /** Whether the name now leads to another file, or this one was emptied. */
  boolean wasRotated() throws IOException {
    try {
      return !identity(path).equals(identity) || channel.size() < channel.position();
    } catch (NoSuchFileException e) {
      return false; // Renamed away, and the new one is not there yet.
    }
  }

  /** Goes on at the beginning of the file that has the name now. */
  void reopen() throws IOException {
    LogFile next = open(path);
    channel.close();
    channel = next.channel;
    identity = next.identity;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static Object identity(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key == null ? path : key;
  }

  /** Looks from the end backwards, a block at a time. */
  private static final class LineSearch {
    private final FileChannel channel;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
    private long blockStart;

    LineSearch(FileChannel channel) throws IOException {
      this.channel = channel;
      this.blockStart = channel.size();
      block.limit(0);
    }

    long startOfLast(long lines) throws IOException {
      // What follows the last newline is a record being written; it is shown in any case.
      long newline = newlineBefore(blockStart);
      long complete = 0;
      while (newline >= 0) {
        long previous = newlineBefore(newline);
        if (!isPartial(previous + 1)) {
          if (complete == lines) {
            return newline + 1;
          }
          complete++;
        }
        newline = previous;
      }
      return 0;
    }

    /** The last newline before that offset; -1 for none. */
    private long newlineBefore(long offset) throws IOException {
      for (long at = offset - 1; at >= 0; at--) {
        if (at < blockStart) {
          load(at);
        }
        if (block.get((int) (at - blockStart)) == '\n') {
          return at;
        }
      }
      return -1;
    }

    /** Loads the block that ends with this byte. */
    private void load(long last) throws IOException {
      blockStart = Math.max(0, last + 1 - BLOCK);
      block.clear().limit((int) (last + 1 - blockStart));
      while (block.hasRemaining() && channel.read(block, blockStart + block.position()) > 0) {}
    }

    private boolean isPartial(long recordStart) throws IOException {
      var start = ByteBuffer.allocate(LogDecoder.LONGEST_HEAD);
      int length = Math.max(0, channel.read(start, recordStart));
      return LogDecoder.headAt(start.array(), length).map(LogRecordHead::partial).orElse(false);
    }
  }
}
