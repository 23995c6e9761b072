package dev.hearth.linux;

import static dev.hearth.linux.LibC.AT_FDCWD;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Entries of directories, by the calls that take a directory and a name (mkdirat(2) and its kin). A
 * name may be a path from there; no call here follows a link in its last part unless it says so,
 * but all follow links before it: open the parent with {@link Opens#openIn} where that matters.
 */
public final class Entries {
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int NO_REPLACE = 1;
  private static final int EXCHANGE = 2;
  private static final long UTIME_OMIT = (1L << 30) - 2;

  private Entries() {}

  /** Makes a directory; the umask applies to its mode. */
  public static void makeDirectory(Fd dir, String name, int mode) throws LinuxException {
    String operation = "make directory";
    byte[] bytes = Sys.encode(operation, name);
    try (Fd.Use at = dir.use(operation)) {
      Sys.check(LibC.mkdirat(at.number(), bytes, mode), operation, dir, name);
    }
  }

  /** Makes a directory at a path; the umask applies to its mode. */
  public static void makeDirectory(Path path, int mode) throws LinuxException {
    String name = path.toString();
    byte[] bytes = Sys.encode("make directory", name);
    Sys.check(LibC.mkdirat(AT_FDCWD, bytes, mode), "make directory", name);
  }

  /**
   * Makes a device, pipe, socket or empty file.
   *
   * @param mode permissions, before the umask
   * @param device number of a device, see {@link Device#number()}; else 0
   */
  public static void makeNode(Fd dir, String name, FileType type, int mode, long device)
      throws LinuxException {
    String operation = "make " + type.text();
    byte[] bytes = Sys.encode(operation, name);
    try (Fd.Use at = dir.use(operation)) {
      int result = LibC.mknodat(at.number(), bytes, type.bits() | (mode & 07777), device);
      Sys.check(result, operation, dir, name);
    }
  }

  /** Makes a symbolic link to a target, which may be any text. */
  public static void makeLink(Fd dir, String name, String target) throws LinuxException {
    String operation = "make symbolic link";
    byte[] to = Sys.encode(operation, target);
    byte[] bytes = Sys.encode(operation, name);
    try (Fd.Use at = dir.use(operation)) {
      Sys.check(LibC.symlinkat(to, at.number(), bytes), operation, dir, name);
    }
  }

  /** Where a symbolic link leads. */
  public static String readLink(Fd dir, String name) throws LinuxException {
    String operation = "read symbolic link";
    byte[] bytes = Sys.encode(operation, name);
    byte[] target = new byte[4096];
    try (Fd.Use at = dir.use(operation)) {
      long length = LibC.readlinkat(at.number(), bytes, target, target.length);
      if (length < 0) {
        throw Sys.failure(operation, dir, name);
      }
      return Sys.decode(target, 0, (int) length);
    }
  }

  /** Gives the file one more name; a symbolic link is linked itself. */
  public static void makeHardLink(Fd fromDir, String from, Fd toDir, String to)
      throws LinuxException {
    String operation = "make hard link";
    byte[] old = Sys.encode(operation, from);
    byte[] bytes = Sys.encode(operation, to);
    try (Fd.Use source = fromDir.use(operation);
        Fd.Use target = toDir.use(operation)) {
      int result = LibC.linkat(source.number(), old, target.number(), bytes, 0);
      Sys.check(result, operation, toDir, to);
    }
  }

  /** Removes an entry that is no directory. */
  public static void remove(Fd dir, String name) throws LinuxException {
    unlink(dir, name, "remove", 0);
  }

  /** Removes an empty directory. */
  public static void removeDirectory(Fd dir, String name) throws LinuxException {
    unlink(dir, name, "remove directory", AT_REMOVEDIR);
  }

  /** Removes a path that is no directory. */
  public static void remove(Path path) throws LinuxException {
    byte[] bytes = Sys.encode("remove", path.toString());
    Sys.check(LibC.unlinkat(AT_FDCWD, bytes, 0), "remove", path.toString());
  }

  /** Removes an empty directory at a path. */
  public static void removeDirectory(Path path) throws LinuxException {
    byte[] bytes = Sys.encode("remove directory", path.toString());
    int result = LibC.unlinkat(AT_FDCWD, bytes, AT_REMOVEDIR);
    Sys.check(result, "remove directory", path.toString());
  }

  private static void unlink(Fd dir, String name, String operation, int flags)
      throws LinuxException {
    byte[] bytes = Sys.encode(operation, name);
    try (Fd.Use at = dir.use(operation)) {
      Sys.check(LibC.unlinkat(at.number(), bytes, flags), operation, dir, name);
    }
  }

  /** What becomes of a target already there. */
  public enum IfPresent {
    REPLACE,
    /** Fail with EEXIST. */
    FAIL,
    /** Swap the two, which must both be there. */
    EXCHANGE
  }

  /** Renames atomically within a file system: renameat2(2). */
  public static void rename(Fd fromDir, String from, Fd toDir, String to, IfPresent ifPresent)
      throws LinuxException {
    byte[] old = Sys.encode("rename", from);
    byte[] bytes = Sys.encode("rename", to);
    int flags =
        switch (ifPresent) {
          case REPLACE -> 0;
          case FAIL -> NO_REPLACE;
          case EXCHANGE -> EXCHANGE;
        };
    try (Fd.Use source = fromDir.use("rename");
        Fd.Use target = toDir.use("rename")) {
      if (LibC.renameat2(source.number(), old, target.number(), bytes, flags) < 0) {
        int errno = Sys.errno();
        String what = Sys.inside(fromDir, from) + " to " + Sys.inside(toDir, to);
        throw new LinuxException("rename", what, errno);
      }
    }
  }

  /** Sets the owner of an entry, a link's own when it is one. */
  public static void setOwner(Fd dir, String name, int uid, int gid) throws LinuxException {
    changeOwner(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW);
  }

  /** Sets the owner of an open file. */
  public static void setOwner(Fd file, int uid, int gid) throws LinuxException {
    changeOwner(file, "", uid, gid, AT_EMPTY_PATH);
  }

  private static void changeOwner(Fd dir, String name, int uid, int gid, int flags)
      throws LinuxException {
    byte[] bytes = Sys.encode("set owner of", name);
    try (Fd.Use at = dir.use("set owner of")) {
      int result = LibC.fchownat(at.number(), bytes, uid, gid, flags);
      Sys.check(result, "set owner of", dir, name);
    }
  }

  /** Sets the permissions of an entry; one that is a link is followed, since links have none. */
  public static void setMode(Fd dir, String name, int mode) throws LinuxException {
    byte[] bytes = Sys.encode("set mode of", name);
    try (Fd.Use at = dir.use("set mode of")) {
      Sys.check(LibC.fchmodat(at.number(), bytes, mode, 0), "set mode of", dir, name);
    }
  }

  /** Sets the permissions of an open file, not opened with PATH. */
  public static void setMode(Fd file, int mode) throws LinuxException {
    try (Fd.Use use = file.use("set mode of")) {
      Sys.check(LibC.fchmod(use.number(), mode), "set mode of", file.name());
    }
  }

  /** Sets the time of last change of an entry, a link's own when it is one; access is left. */
  public static void setModified(Fd dir, String name, Instant modified) throws LinuxException {
    byte[] bytes = Sys.encode("set time of", name);
    try (Fd.Use at = dir.use("set time of")) {
      int result = LibC.utimensat(at.number(), bytes, times(modified), AT_SYMLINK_NOFOLLOW);
      Sys.check(result, "set time of", dir, name);
    }
  }

  /** Sets the time of last change of an open file, not opened with PATH; access is left. */
  public static void setModified(Fd file, Instant modified) throws LinuxException {
    try (Fd.Use use = file.use("set time of")) {
      Sys.check(LibC.futimens(use.number(), times(modified)), "set time of", file.name());
    }
  }

  private static long[] times(Instant modified) {
    return new long[] {0, UTIME_OMIT, modified.getEpochSecond(), modified.getNano()};
  }

  /** What an entry is; links are not followed. */
  public static FileStatus status(Fd dir, String name) throws LinuxException {
    byte[] bytes = Sys.encode("look at", name);
    byte[] buffer = new byte[FileStatus.SIZE];
    try (Fd.Use at = dir.use("look at")) {
      int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
      int result = LibC.statx(at.number(), bytes, flags, FileStatus.MASK, buffer);
      Sys.check(result, "look at", dir, name);
    }
    return FileStatus.of(buffer);
  }

  /** What an open file is. */
  public static FileStatus status(Fd file) throws LinuxException {
    return status(file, "");
  }

  /** What a path leads to; a link in its last part is not followed. */
  public static FileStatus status(Path path) throws LinuxException {
    String name = path.toString();
    byte[] bytes = Sys.encode("look at", name);
    byte[] buffer = new byte[FileStatus.SIZE];
    int result = LibC.statx(AT_FDCWD, bytes, AT_SYMLINK_NOFOLLOW, FileStatus.MASK, buffer);
    Sys.check(result, "look at", name);
    return FileStatus.of(buffer);
  }
}
