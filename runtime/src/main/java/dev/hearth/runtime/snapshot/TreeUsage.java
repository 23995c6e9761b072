package dev.hearth.runtime.snapshot;

import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.Set;

/**
 * Measures a tree that a container may be writing to at the same time: by descriptors and single
 * names, so no link leads out of it. A file of several names counts once, a part for each.
 *
 * <p>One use.
 */
final class TreeUsage {
  /** Directories held open at once. What lies deeper is not counted. */
  private static final int DEPTH = 200;

  private static final Set<OpenFlag> DIRECTORY =
      Set.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW);

  private long left;
  private double bytes;
  private double inodes;

  private TreeUsage(long left) {
    this.left = left;
  }

  /**
   * Measures what lies in a directory, and itself.
   *
   * @return empty when there are more entries than this
   */
  static Optional<DiskUsage> of(Path directory, long entriesAtMost) throws IOException {
    var usage = new TreeUsage(entriesAtMost);
    try (Fd root = Opens.open(directory, DIRECTORY)) {
      usage.count(Entries.status(root));
      usage.measure(root, 0);
    }
    return usage.left < 0
        ? Optional.empty()
        : Optional.of(new DiskUsage(Math.round(usage.bytes), Math.round(usage.inodes)));
  }

  private void count(FileStatus status) {
    int names = status.type() == FileType.DIRECTORY ? 1 : Math.max(1, status.links());
    bytes += (double) status.allocated() / names;
    inodes += 1.0 / names;
  }

  private void measure(Fd directory, int depth) throws IOException {
    try (DirectoryStream<Path> names = Files.newDirectoryStream(Path.of(directory.procPath()))) {
      for (Path path : names) {
        if (--left < 0) {
          return;
        }
        measureEntry(directory, path, depth);
      }
    }
  }

  private void measureEntry(Fd directory, Path path, int depth) throws IOException {
    String name = path.getFileName().toString();
    try {
      FileStatus status = Entries.status(directory, name);
      count(status);
      if (status.type() == FileType.DIRECTORY && depth < DEPTH) {
        try (Fd below = Opens.openAt(directory, name, DIRECTORY, 0)) {
          measure(below, depth + 1);
        }
      }
    } catch (LinuxException e) {
      if (!e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
        throw e;
      }
      countNameless(path);
    }
  }

  /** An entry that is gone, or whose name is no text and thus not to be had by it. */
  private void countNameless(Path path) throws IOException {
    try {
      BasicFileAttributes a =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      bytes += a.size();
      inodes++;
    } catch (java.nio.file.NoSuchFileException e) {
      // gone
    }
  }
}
