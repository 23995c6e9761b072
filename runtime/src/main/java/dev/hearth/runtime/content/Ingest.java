package dev.hearth.runtime.content;

import dev.hearth.linux.FastSha256;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A blob on its way in. One thread writes; others may read what is there already and wait for the
 * rest, so that a layer is unpacked while it arrives and the network never waits for the unpacking.
 * A reader sees the end only after the digest of the whole was found right.
 *
 * <pre>
 *   writing --verify--> verified --commit--> a blob of the store
 *      |                      \--close-----> nothing is left
 *      |--close--> an unfinished file, which the next ingest of this digest goes on with
 *      \--discard, close--> nothing is left
 * </pre>
 *
 * <p>Files are reached by streams, not channels: an interrupt, by which a pull is cancelled, closes
 * a channel under everybody's hands.
 */
public final class Ingest implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final ContentStore store;
  private final Path path;
  private final Digest digest;
  private final long size;
  private final RandomAccessFile file;

  // Of the writing thread.
  private final MessageDigest hash = FastSha256.begin();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private long position;
  private boolean verified;
  private boolean discarded;
  private boolean closed;

  private Ingest(ContentStore store, Path path, Digest digest, long size, RandomAccessFile file) {
    this.store = store;
    this.path = path;
    this.digest = digest;
    this.size = size;
    this.file = file;
  }

  static Ingest open(ContentStore store, Path path, Digest digest, long size)
      throws IOException, ContentException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    try {
      Ingest ingest = new Ingest(store, path, digest, size, file);
      ingest.readWhatIsThere();
      return ingest;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void readWhatIsThere() throws IOException {
    if (file.length() > size) {
      file.setLength(0);
    }
    byte[] buffer = new byte[BUFFER];
    int n;
    while ((n = file.read(buffer)) > 0) {
      hash.update(buffer, 0, n);
      position += n;
    }
  }

  public Digest digest() {
    return digest;
  }

  /** Of the whole blob, in bytes. */
  public long size() {
    return size;
  }

  /** Bytes that are there, from the beginning on. */
  public long position() {
    lock.lock();
    try {
      return position;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Appends.
   *
   * @throws ContentException.Corrupt if the blob becomes longer than it said
   * @throws ContentException.DiskFull if there is no room; what was written before stays
   */
  public void write(byte[] bytes, int offset, int length) throws ContentException {
    long before = position();
    if (length > size - before) {
      throw new ContentException.Corrupt(
          "blob " + digest + " is longer than the " + size + " bytes announced");
    }
    try {
      file.write(bytes, offset, length);
    } catch (IOException e) {
      ContentException failure = ContentException.of("cannot write blob " + digest, e);
      try {
        // A part may have been written. The hash knows nothing of it.
        file.setLength(before);
        file.seek(before);
      } catch (IOException again) {
        failure.addSuppressed(again);
      }
      throw failure;
    }
    hash.update(bytes, offset, length);
    lock.lock();
    try {
      position = before + length;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Checks that all is there and matches the digest. Readers now see the end.
   *
   * @throws ContentException.Corrupt if it does not match; then it is to be discarded
   */
  public void verify() throws ContentException {
    long there = position();
    if (there != size) {
      throw new ContentException.Corrupt(
          "blob " + digest + " has " + there + " bytes instead of " + size);
    }
    Digest actual = Sha256.finish(hash);
    if (!actual.equals(digest)) {
      throw new ContentException.Corrupt(
          "blob " + digest + " arrived with digest " + actual + ": altered or damaged");
    }
    lock.lock();
    try {
      verified = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says that what is there is of no use: {@link #close} will delete it. */
  public void discard() {
    lock.lock();
    try {
      discarded = true;
    } finally {
      lock.unlock();
    }
  }

  /** Makes the verified blob one of the store's, durably. */
  public void commit() throws ContentException {
    requireVerified();
    try {
      file.getFD().sync();
      store.publish(path, digest);
    } catch (IOException e) {
      throw ContentException.of("cannot store blob " + digest, e);
    }
  }

  private void requireVerified() {
    lock.lock();
    try {
      if (!verified) {
        throw new IllegalStateException("blob " + digest + " is not verified");
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * A stream of the blob from its beginning, which waits for bytes that are not there yet. Its
   * reads fail with an IOException when the writer gives up, and when the reading thread is
   * interrupted.
   */
  public InputStream reader() throws ContentException {
    try {
      return new Reader(new FileInputStream(path.toFile()));
    } catch (IOException e) {
      throw ContentException.of("cannot read blob " + digest, e);
    }
  }

  /**
   * Ends the writing. What was not verified stays and can be continued; what was verified and not
   * committed has served its purpose and is deleted.
   */
  @Override
  public void close() throws ContentException {
    boolean useless;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      useless = verified || discarded || position == 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try (file) {
      if (useless) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw ContentException.of("cannot end writing blob " + digest, e);
    } finally {
      store.released(digest);
    }
  }

  /** Waits until bytes beyond {@code from} are there. Returns how many, or -1 at the end. */
  private long awaitBeyond(long from) throws IOException {
    lock.lock();
    try {
      while (true) {
        if (position > from) {
          return position - from;
        }
        if (verified) {
          return -1;
        }
        if (closed) {
          throw new IOException("blob " + digest + " did not arrive whole");
        }
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for blob " + digest, e);
    } finally {
      lock.unlock();
    }
  }

  private final class Reader extends InputStream {
    private final FileInputStream in;
    private long read;

    Reader(FileInputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      long available = awaitBeyond(read);
      if (available < 0) {
        return -1;
      }
      int n = in.read(bytes, offset, (int) Math.min(length, available));
      if (n < 0) {
        throw new IOException("blob " + digest + " was cut short under its reader");
      }
      read += n;
      return n;
    }

    @Override
    public int available() throws IOException {
      return (int) Math.min(Integer.MAX_VALUE, Math.max(0, position() - read));
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
