package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Files of any file system, only to be read. */
final class PlainFiles implements CgroupFiles {
  @Override
  public String read(Path file) throws CgroupException {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new CgroupException(Reason.ABSENT, "absent: " + file, e);
    }
  }

  @Override
  public OpenFile open(Path file) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void write(Path file, String value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean makeFolder(Path folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean removeFolder(Path folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<String> folders(Path folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean exists(Path file) {
    return Files.exists(file);
  }
}
