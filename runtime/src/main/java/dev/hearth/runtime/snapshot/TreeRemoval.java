package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Removes a directory with everything in it. What is in it was written by a container, so every
 * step goes by a descriptor and one name (openat(2), unlinkat(2)) and never through a link; names
 * that are no text, and trees deeper than there are descriptors, are removed like all others.
 *
 * <p>One use.
 */
final class TreeRemoval {
  /** Directories held open at once; what is deeper is moved up first. */
  private static final int DEPTH = 32;

  private static final String MOVED = ".hearth-deep-";

  private long left;
  private int moved;
  private boolean repeat;
  private @Nullable IOException failure;

  private TreeRemoval(long left) {
    this.left = left;
  }

  /** Removes all of it; what is gone already is well. */
  static void remove(Path directory) throws IOException {
    remove(directory, Long.MAX_VALUE);
  }

  /**
   * Removes at most so many entries.
   *
   * @return whether nothing is left
   * @throws IOException the first failure, after everything else was removed
   */
  static boolean remove(Path directory, long entries) throws IOException {
    Path parent = Objects.requireNonNull(directory.getParent(), "the root is not removed");
    Path name = Objects.requireNonNull(directory.getFileName());
    var removal = new TreeRemoval(entries);
    do {
      removal.repeat = false;
      try (DirectoryStream<Path> above = Files.newDirectoryStream(parent);
          SecureDirectoryStream<Path> stream =
              secure(above).newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        removal.clear(stream, stream, 0);
      } catch (NoSuchFileException e) {
        return true;
      }
    } while (removal.repeat);
    if (removal.failure != null) {
      throw removal.failure;
    }
    if (removal.left <= 0) {
      return false;
    }
    Files.deleteIfExists(directory);
    return true;
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) {
    // Linux has had the calls this needs for as long as overlayfs.
    return (SecureDirectoryStream<Path>) stream;
  }

  private void clear(
      SecureDirectoryStream<Path> top, SecureDirectoryStream<Path> directory, int depth)
      throws IOException {
    for (Path path : directory) {
      if (left <= 0) {
        return;
      }
      left--;
      Path name = path.getFileName();
      try {
        removeEntry(top, directory, name, depth);
      } catch (NoSuchFileException e) {
        // somebody else removed it
      } catch (IOException e) {
        if (failure == null) {
          failure = new IOException("cannot remove " + path + ": " + e.getMessage(), e);
        }
      }
    }
  }

  private void removeEntry(
      SecureDirectoryStream<Path> top, SecureDirectoryStream<Path> directory, Path name, int depth)
      throws IOException {
    try {
      // Most entries are files; to look first would cost each of them a call.
      directory.deleteFile(name);
      return;
    } catch (NoSuchFileException e) {
      return;
    } catch (FileSystemException e) {
      // perhaps a directory
    }
    if (depth == DEPTH) {
      directory.move(name, top, Path.of(MOVED + moved++));
      repeat = true;
      return;
    }
    try (SecureDirectoryStream<Path> below =
        directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      clear(top, below, depth + 1);
    }
    if (left > 0 && failure == null) {
      directory.deleteDirectory(name);
    }
  }
}
