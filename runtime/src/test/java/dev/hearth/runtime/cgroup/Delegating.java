package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.List;

/** Passes every operation on, for tests to change one. */
class Delegating implements CgroupFiles {
  private final CgroupFiles below;

  Delegating(CgroupFiles below) {
    this.below = below;
  }

  @Override
  public String read(Path file) throws CgroupException {
    return below.read(file);
  }

  @Override
  public OpenFile open(Path file) throws CgroupException {
    return below.open(file);
  }

  @Override
  public void write(Path file, String value) throws CgroupException {
    below.write(file, value);
  }

  @Override
  public boolean makeFolder(Path folder) throws CgroupException {
    return below.makeFolder(folder);
  }

  @Override
  public boolean removeFolder(Path folder) throws CgroupException {
    return below.removeFolder(folder);
  }

  @Override
  public List<String> folders(Path folder) throws CgroupException {
    return below.folders(folder);
  }

  @Override
  public boolean exists(Path file) {
    return below.exists(file);
  }
}
