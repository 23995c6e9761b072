package dev.hearth.runtime.cgroup;

import java.util.Optional;

/** The host's processes. */
final class LinuxPidfds implements Pidfds {
  @Override
  public Optional<Held> hold(int pid) {
    return ProcessHandle.of(pid).map(Handle::new);
  }

  private record Handle(ProcessHandle handle) implements Held {
    @Override
    public void kill() {
      handle.destroyForcibly();
    }

    @Override
    public void close() {}
  }
}
