package dev.hearth.shim;

import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import java.nio.file.Path;
import java.util.Set;

/** A tmpfs of so many bytes, gone when closed. */
record SmallFileSystem(Path at) implements AutoCloseable {
  SmallFileSystem(Path at, long bytes) throws Exception {
    this(at);
    Mounts.mount("none", at, "tmpfs", Set.of(), "size=" + bytes);
  }

  @Override
  public void close() throws LinuxException {
    Mounts.unmount(at, Set.of(UnmountFlag.DETACH));
  }
}
