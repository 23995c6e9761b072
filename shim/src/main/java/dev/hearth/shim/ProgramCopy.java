package dev.hearth.shim;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * A copy of the shim's program that nobody can write to. A container that got hold of the file it
 * was started from could otherwise change the program for those that come after it (CVE-2019-5736).
 */
final class ProgramCopy {
  private static final String NAME = "hearth-shim";
  private static final int EXECUTABLE = 0500;

  private ProgramCopy() {}

  /** In a sealed memory file; where the host runs no such files, as a file of its own. */
  static Fd of(Path program) throws IOException {
    byte[] content = Files.readAllBytes(program);
    try {
      return inMemory(content);
    } catch (LinuxException e) {
      if (!e.is(Errno.EACCES)) {
        throw e;
      }
      return onReadOnlyDisk(content);
    }
  }

  static Fd inMemory(byte[] content) throws LinuxException {
    Fd copy = Opens.executableMemory(NAME);
    try {
      Descriptors.writeAll(copy, ByteBuffer.wrap(content));
      Descriptors.seal(copy);
      return copy;
    } catch (LinuxException e) {
      copy.close();
      throw e;
    }
  }

  /** On a tmpfs with nothing else in it, mounted nowhere and then made read-only. */
  static Fd onReadOnlyDisk(byte[] content) throws LinuxException {
    try (FileSystemContext disk = FileSystemContext.open("tmpfs")) {
      disk.set("mode", "700");
      disk.create();
      try (Fd mount = disk.mount(Set.of(MountAttribute.NO_SUID, MountAttribute.NO_DEVICES))) {
        Set<OpenFlag> create = Set.of(OpenFlag.WRITE_ONLY, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
        try (Fd file = Opens.openAt(mount, NAME, create, EXECUTABLE)) {
          Descriptors.writeAll(file, ByteBuffer.wrap(content));
        }
        disk.set("ro");
        disk.reconfigure();
        return Opens.openAt(mount, NAME, Set.of(), 0);
      }
    }
  }
}
