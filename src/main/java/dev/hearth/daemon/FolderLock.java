package dev.hearth.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second daemon off a folder that is one daemon's own, the root or the state. The kernel
 * drops the lock when the daemon dies, however it dies; the file only tells who holds it.
 */
final class FolderLock implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth");

  private final FileChannel channel;
  private final FileLock lock;

  private FolderLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes the lock.
   *
   * @throws IOException if another daemon holds it; the message says which
   */
  static FolderLock take(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("lock");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new IOException(
            folder
                + " is in use by the hearthd with pid "
                + Files.readString(file).strip()
                + ": stop it, or give this one a root, a state, a socket and a network of its own");
      }
      tellWho(channel);
      return new FolderLock(channel, lock);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Not worth a failure: a full disk must not keep the daemon from freeing it. */
  private static void tellWho(FileChannel channel) {
    byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      // Over what is there, which needs no room.
      channel.write(ByteBuffer.wrap(pid), 0);
      channel.truncate(pid.length);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "the lock cannot tell who holds it", e);
    }
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
