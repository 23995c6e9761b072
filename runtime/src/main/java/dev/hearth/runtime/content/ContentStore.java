package dev.hearth.runtime.content;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Blobs by digest under one directory.
 *
 * <ul>
 *   <li>{@code blobs/sha256/<hex>}: whole and verified when they were written; a rename after an
 *       fsync puts them there
 *   <li>{@code ingest/<hex>}: being written, or left unfinished; {@link Ingest} goes on with them
 *   <li>{@code corrupt/<hex>}: found not to match their digest when read; kept for a look
 * </ul>
 *
 * <p>Thread-safe. One daemon owns the directory.
 */
public final class ContentStore {
  private final Path root;
  private final Path blobs;
  private final Path ingests;
  private final Path corrupt;

  private final AtomicLong temporaryNames = new AtomicLong();

  /** Digests with an open {@link Ingest}. Guarded by itself. */
  private final Set<Digest> open = new HashSet<>();

  /** Space taken. {@code bytes} counts what the files hold, {@code files} counts them. */
  public record Usage(long bytes, long files) {}

  private ContentStore(Path root) {
    this.root = root;
    this.blobs = root.resolve("blobs").resolve("sha256");
    this.ingests = root.resolve("ingest");
    this.corrupt = root.resolve("corrupt");
  }

  /** Opens the store, creating its directories when absent. */
  public static ContentStore open(Path root) throws ContentException {
    ContentStore store = new ContentStore(root);
    try {
      Files.createDirectories(store.blobs);
      Files.createDirectories(store.ingests);
      Files.createDirectories(store.corrupt);
      store.deleteTemporaries();
    } catch (IOException e) {
      throw ContentException.of("cannot prepare the blob directory " + root, e);
    }
    return store;
  }

  public Path root() {
    return root;
  }

  public boolean has(Digest digest) {
    return Files.isRegularFile(path(digest));
  }

  /**
   * Stores a small blob, such as a manifest. It is on disk when this returns. Storing what is there
   * already does nothing.
   *
   * @throws ContentException.Corrupt if the bytes do not match the digest
   */
  public void put(Digest digest, byte[] bytes) throws ContentException {
    Digest actual = Sha256.of(bytes);
    if (!actual.equals(digest)) {
      throw new ContentException.Corrupt(
          "refused to store blob " + digest + ": the bytes have digest " + actual);
    }
    if (has(digest)) {
      return;
    }
    Path temporary = blobs.resolve(digest.hex() + "." + temporaryNames.incrementAndGet() + ".new");
    try {
      // A stream, not a channel: an interrupt must not close it half-way.
      try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
        out.write(bytes);
        out.getFD().sync();
      }
      publish(temporary, digest);
    } catch (IOException e) {
      ContentException failure =
          ContentException.of("cannot store blob " + digest + " in " + root, e);
      deleteAfter(failure, temporary);
      throw failure;
    }
  }

  /**
   * Reads a whole small blob and verifies it.
   *
   * @param maxBytes the most it may hold
   * @throws ContentException.Missing if it is not here
   * @throws ContentException.Corrupt if it does not match its digest or is larger than allowed; in
   *     the first case it was set aside
   */
  public byte[] read(Digest digest, int maxBytes) throws ContentException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path(digest))) {
      bytes = in.readNBytes(maxBytes);
      if (bytes.length == maxBytes && in.read() >= 0) {
        throw new ContentException.Corrupt(
            "blob " + digest + " has more than the " + maxBytes + " bytes allowed");
      }
    } catch (NoSuchFileException e) {
      throw new ContentException.Missing(digest, root);
    } catch (IOException e) {
      throw ContentException.of("cannot read blob " + digest + " in " + root, e);
    }
    Digest actual = Sha256.of(bytes);
    if (!actual.equals(digest)) {
      throw new ContentException.Corrupt(
          "blob " + digest + " has digest " + actual + "; it was " + setAside(digest));
    }
    return bytes;
  }

  /** Every blob here. */
  public List<Digest> list() throws ContentException {
    List<Digest> digests = new ArrayList<>();
    for (Path file : files(blobs)) {
      @Nullable Digest digest = digestOf(file);
      if (digest != null) {
        digests.add(digest);
      }
    }
    return digests;
  }

  /** Deletes a blob. Its absence is fine. */
  public void delete(Digest digest) throws ContentException {
    try {
      Files.deleteIfExists(path(digest));
    } catch (IOException e) {
      throw ContentException.of("cannot delete blob " + digest + " in " + root, e);
    }
  }

  /** What blobs, unfinished ones and those set aside take together. */
  public Usage usage() throws ContentException {
    long bytes = 0;
    long count = 0;
    for (Path directory : List.of(blobs, ingests, corrupt)) {
      for (Path file : files(directory)) {
        try {
          bytes += Files.size(file);
          count++;
        } catch (NoSuchFileException gone) {
          // Deleted or renamed since it was listed.
        } catch (IOException e) {
          throw ContentException.of("cannot measure " + file, e);
        }
      }
    }
    return new Usage(bytes, count);
  }

  /**
   * Begins to write a blob, or goes on where an earlier writer stopped: what that one left is read
   * again to continue its digest.
   *
   * @param size of the whole blob in bytes
   * @throws ContentException.InUse if another is writing it
   */
  public Ingest ingest(Digest digest, long size) throws ContentException {
    synchronized (open) {
      if (!open.add(digest)) {
        throw new ContentException.InUse(digest);
      }
    }
    try {
      return Ingest.open(this, ingests.resolve(digest.hex()), digest, size);
    } catch (IOException e) {
      released(digest);
      throw ContentException.of("cannot begin to write blob " + digest + " in " + root, e);
    } catch (ContentException | RuntimeException e) {
      released(digest);
      throw e;
    }
  }

  /**
   * Deletes unfinished blobs nobody writes: those last written longer ago than {@code olderThan},
   * and beyond that the oldest until the rest hold at most {@code maxBytes}.
   *
   * @return what was deleted
   */
  public List<Digest> collectIngests(Instant now, Duration olderThan, long maxBytes)
      throws ContentException {
    List<Unfinished> unfinished = new ArrayList<>();
    try {
      for (Path file : files(ingests)) {
        @Nullable Digest digest = digestOf(file);
        if (digest != null) {
          unfinished.add(
              new Unfinished(
                  digest, Files.size(file), Files.getLastModifiedTime(file).toInstant()));
        }
      }
      unfinished.sort((a, b) -> b.lastWritten.compareTo(a.lastWritten));
      List<Digest> deleted = new ArrayList<>();
      long kept = 0;
      for (Unfinished one : unfinished) {
        boolean old = one.lastWritten.isBefore(now.minus(olderThan));
        if ((old || kept + one.bytes > maxBytes) && deleteUnlessOpen(one.digest)) {
          deleted.add(one.digest);
        } else {
          kept += one.bytes;
        }
      }
      return deleted;
    } catch (IOException e) {
      throw ContentException.of("cannot collect unfinished blobs in " + ingests, e);
    }
  }

  private record Unfinished(Digest digest, long bytes, Instant lastWritten) {}

  private boolean deleteUnlessOpen(Digest digest) throws IOException {
    synchronized (open) {
      return !open.contains(digest) && Files.deleteIfExists(ingests.resolve(digest.hex()));
    }
  }

  void released(Digest digest) {
    synchronized (open) {
      open.remove(digest);
    }
  }

  /** Gives a synced file its name among the blobs, durably. */
  void publish(Path file, Digest digest) throws IOException {
    Files.move(
        file, path(digest), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(blobs, StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private Path path(Digest digest) {
    return blobs.resolve(digest.hex());
  }

  private String setAside(Digest digest) {
    Path target = corrupt.resolve(digest.hex());
    try {
      Files.move(path(digest), target, StandardCopyOption.REPLACE_EXISTING);
      return "set aside as " + target;
    } catch (IOException e) {
      return "not set aside, since that failed too: " + e.getMessage();
    }
  }

  /** What a crash in the middle of {@link #put} left. */
  private void deleteTemporaries() throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(blobs, "*.new")) {
      for (Path file : left) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static void deleteAfter(ContentException failure, Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static List<Path> files(Path directory) throws ContentException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(files::add);
    } catch (IOException e) {
      throw ContentException.of("cannot list " + directory, e);
    }
    return files;
  }

  private static @Nullable Digest digestOf(Path file) {
    try {
      return Digest.sha256(String.valueOf(file.getFileName()));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
