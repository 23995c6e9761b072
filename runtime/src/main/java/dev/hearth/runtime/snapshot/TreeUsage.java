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
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;

/**
 * Measures a tree that a container may be writing to at the same time: by descriptors and single
 * names, so no link leads out of it. A file of several names counts once, a part for each.
 *
 * <p>One use.
 */
final class TreeUsage {
  /** Directories held open at once. Below, one is, and the way back is by {@code ..}. */
  private static final int DEPTH = 200;

  /** Names remembered of directories below that which are still to be looked at. */
  private static final int PENDING = 100_000;

  private static final Set<OpenFlag> DIRECTORY =
      Set.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW);

  private long left;
  private double bytes;
  private double inodes;
  private int pending;

  private TreeUsage(long left) {
    this.left = left;
  }

  /**
   * Measures what lies in a directory, and itself. A tree that is made to be too much to measure
   * counts as all that its file system holds.
   *
   * @return empty when there are more entries than this
   */
  static Optional<DiskUsage> of(Path directory, long entriesAtMost) throws IOException {
    var usage = new TreeUsage(entriesAtMost);
    try (Fd root = Opens.open(directory, DIRECTORY)) {
      usage.count(Entries.status(root));
      usage.measure(root, 0);
    }
    if (usage.pending > PENDING) {
      FileStore store = Files.getFileStore(directory);
      usage.bytes = store.getTotalSpace() - store.getUnallocatedSpace();
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
      if (status.type() == FileType.DIRECTORY) {
        try (Fd below = Opens.openAt(directory, name, DIRECTORY, 0)) {
          if (depth < DEPTH) {
            measure(below, depth + 1);
          } else {
            new Descent().measure(below);
          }
        }
      }
    } catch (LinuxException e) {
      if (!e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
        throw e;
      }
      countNameless(path);
    }
  }

  /** Measures a tree of any depth with one directory open. */
  private final class Descent {
    /** A directory on the way down: which it is, and what of it is still to be looked at. */
    private record Level(FileStatus status, Deque<String> left) {}

    private final Deque<Level> levels = new ArrayDeque<>();

    void measure(Fd top) throws IOException {
      Fd here = Opens.openAt(top, ".", DIRECTORY, 0);
      try {
        levels.push(look(here));
        while (left >= 0 && pending <= PENDING) {
          Optional<Fd> next = next(here);
          if (next.isEmpty()) {
            return;
          }
          here.close();
          here = next.get();
        }
      } finally {
        here.close();
      }
    }

    /** The directory to be in next; empty when there is none, or its place was changed. */
    private Optional<Fd> next(Fd here) throws IOException {
      Deque<String> names = levels.element().left();
      while (!names.isEmpty()) {
        pending--;
        try {
          Fd below = Opens.openAt(here, names.remove(), DIRECTORY, 0);
          try {
            levels.push(look(below));
            return Optional.of(below);
          } catch (IOException | RuntimeException e) {
            below.close();
            throw e;
          }
        } catch (LinuxException e) {
          if (!e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
            throw e;
          }
        }
      }
      levels.remove();
      pending--;
      if (levels.isEmpty()) {
        return Optional.empty();
      }
      Fd above = Opens.openAt(here, "..", DIRECTORY, 0);
      if (Entries.status(above).sameFile(levels.element().status())) {
        return Optional.of(above);
      }
      above.close(); // moved meanwhile: the next measurement finds it in its new place
      return Optional.empty();
    }

    /** Counts what is in a directory; directories in it remain to be looked at. */
    private Level look(Fd directory) throws IOException {
      Level level = new Level(Entries.status(directory), new ArrayDeque<>());
      pending++;
      try (DirectoryStream<Path> names = Files.newDirectoryStream(Path.of(directory.procPath()))) {
        for (Path path : names) {
          if (--left < 0 || pending > PENDING) {
            break;
          }
          lookAt(directory, path, level);
        }
      }
      return level;
    }

    private void lookAt(Fd directory, Path path, Level level) throws IOException {
      String name = path.getFileName().toString();
      try {
        FileStatus status = Entries.status(directory, name);
        count(status);
        if (status.type() == FileType.DIRECTORY) {
          level.left().add(name);
          pending++;
        }
      } catch (LinuxException e) {
        if (!e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
          throw e;
        }
        countNameless(path);
      }
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
