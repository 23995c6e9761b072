package dev.hearth.runtime.cgroup;

import java.util.Optional;

/**
 * Processes held by descriptor, so that a number used again is never mistaken; a seam for tests.
 */
interface Pidfds {
  /** Takes hold of a process; nothing if it is gone. */
  Optional<Held> hold(int pid) throws CgroupException;

  /** One process. */
  interface Held extends AutoCloseable {
    /** Sends SIGKILL; nothing happens to what is already dead. */
    void kill() throws CgroupException;

    @Override
    void close();
  }
}
