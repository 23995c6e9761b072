package dev.hearth.runtime.cgroup;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The real files, by system calls of our own: what matters here is the error number, which the JDK
 * gives only as a text in the operator's language. Stateless.
 */
final class LinuxFiles implements CgroupFiles {
  /**
   * Above this no file that is read whole is expected to be; a bound, not a limit of the kernel.
   */
  private static final int MAX_FILE = 16 << 20;

  /** Holds every file but the longest lists of processes in one read. */
  private static final int FIRST_BUFFER = 8192;

  /** Holds a memory.stat, the longest of the files of figures. */
  private static final int FIGURES_BUFFER = 4096;

  /** Its name and its own dot. */
  private static final int NO_FOLDERS = 2;

  private static final int MODE = 0755;
  private static final Set<OpenFlag> READ = EnumSet.of(OpenFlag.READ_ONLY);
  private static final Set<OpenFlag> WRITE = EnumSet.of(OpenFlag.WRITE_ONLY);
  private static final Set<OpenFlag> FOLDER = EnumSet.of(OpenFlag.PATH, OpenFlag.DIRECTORY);

  @Override
  public String read(Path file) throws CgroupException {
    try (Fd fd = Opens.open(file, READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(FIRST_BUFFER);
      while (Descriptors.read(fd, buffer) > 0) {
        if (!buffer.hasRemaining()) {
          if (buffer.capacity() >= MAX_FILE) {
            throw new CgroupException(Reason.FAILED, "read " + file + ": it is too long");
          }
          buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer.flip());
        }
      }
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    } catch (LinuxException e) {
      throw failure(e);
    }
  }

  @Override
  public OpenFile open(Path file) throws CgroupException {
    try {
      return new Open(Opens.open(file, READ));
    } catch (LinuxException e) {
      throw failure(e);
    }
  }

  /** Reads at offset zero in one call, which such a file answers whole if there is room. */
  private record Open(Fd fd) implements OpenFile {
    @Override
    public String read() throws CgroupException {
      try {
        ByteBuffer buffer = ByteBuffer.allocate(FIGURES_BUFFER);
        int length = Descriptors.read(fd, buffer, 0);
        while (length == buffer.capacity()) {
          if (length >= MAX_FILE) {
            throw new CgroupException(Reason.FAILED, "read " + fd.name() + ": it is too long");
          }
          buffer = ByteBuffer.allocate(length * 4);
          length = Descriptors.read(fd, buffer, 0);
        }
        return new String(buffer.array(), 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
      } catch (LinuxException e) {
        throw failure(e);
      }
    }

    @Override
    public void close() {
      fd.close();
    }
  }

  @Override
  public void write(Path file, String value) throws CgroupException {
    try (Fd fd = Opens.open(file, WRITE)) {
      Descriptors.write(fd, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
    } catch (LinuxException e) {
      throw failure(e);
    }
  }

  @Override
  public boolean makeFolder(Path folder) throws CgroupException {
    try (Fd parent = Opens.open(parent(folder), FOLDER)) {
      Entries.makeDirectory(parent, name(folder), MODE);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.EEXIST)) {
        return false;
      }
      throw failure(e);
    }
  }

  @Override
  public boolean removeFolder(Path folder) throws CgroupException {
    if (!exists(folder)) {
      return false; // the usual case, as removals are repeated; an exception would cost more
    }
    try (Fd parent = Opens.open(parent(folder), FOLDER)) {
      Entries.removeDirectory(parent, name(folder));
      return true;
    } catch (LinuxException e) {
      if (e.isAnyOf(Errno.ENOENT, Errno.ENODEV)) {
        return false;
      }
      throw failure(e);
    }
  }

  private static Path parent(Path folder) {
    Path parent = folder.getParent();
    return parent == null ? folder : parent;
  }

  private static String name(Path folder) {
    return String.valueOf(folder.getFileName());
  }

  @Override
  public List<String> folders(Path folder) throws CgroupException {
    try {
      // Each folder in it has a link to it: without any there is nothing to look for.
      FileStatus status = Entries.status(folder);
      if (status.links() == NO_FOLDERS) {
        return List.of();
      }
    } catch (LinuxException e) {
      if (e.isAnyOf(Errno.ENOENT, Errno.ENODEV)) {
        return List.of();
      }
      throw failure(e);
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
      entries.forEach(entry -> names.add(name(entry)));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new CgroupException(Reason.FAILED, "list " + folder + ": " + e.getMessage(), e);
    }
    return names;
  }

  @Override
  public boolean exists(Path file) {
    return Files.exists(file);
  }

  private static CgroupException failure(LinuxException e) {
    Reason reason = Reason.FAILED;
    // ENODEV: the group was removed while its file was open.
    if (e.isAnyOf(Errno.ENOENT, Errno.ENODEV)) {
      reason = Reason.ABSENT;
    } else if (e.isAnyOf(Errno.EBUSY, Errno.ENOTEMPTY)) {
      reason = Reason.BUSY;
    } else if (e.isAnyOf(Errno.EINVAL, Errno.ERANGE)) {
      reason = Reason.INVALID;
    } else if (e.is(Errno.EOPNOTSUPP)) {
      reason = Reason.UNSUPPORTED;
    }
    return new CgroupException(reason, String.valueOf(e.getMessage()), e);
  }
}
