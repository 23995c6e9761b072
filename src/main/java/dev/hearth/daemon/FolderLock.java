package dev.hearth.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second daemon off what is one daemon's own: the root, the state, a bridge. The kernel
 * drops the lock when the daemon dies, however it dies; the file only tells who holds it.
 */
final class FolderLock implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth");

  private static final Path NETWORK = Path.of("/proc/self/ns/net");

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
    return take(
        folder,
        folder.toString(),
        "give this one a root, a state, a socket and a network of its own");
  }

  /**
   * Takes the lock of a bridge of this process' network namespace.
   *
   * @param locks folder of all bridges' locks, into which only root may look: who can open a file
   *     can lock it
   * @throws IOException if another daemon holds it; the message says which
   */
  static FolderLock takeBridge(Path locks, String bridge) throws IOException {
    FileAttribute<?> rootOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Files.createDirectories(locks, rootOnly);
    long network = ((Number) Files.getAttribute(NETWORK, "unix:ino")).longValue();
    Path folder = Files.createDirectories(locks.resolve(bridge + "-" + network), rootOnly);
    return take(
        folder,
        "bridge " + bridge,
        "give this one a network.bridge and network.subnets of its own");
  }

  private static FolderLock take(Path folder, String what, String cure) throws IOException {
    Path file = folder.resolve("lock");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new IOException(
            what
                + " is in use by the hearthd with pid "
                + Files.readString(file).strip()
                + ": stop it, or "
                + cure);
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
