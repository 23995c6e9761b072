package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a process enters a control group without anybody waiting for an RCU grace period (8 to 24 ms
 * whenever one process is moved by another through cgroup.procs).
 *
 * @param tasks on v1: files the child writes "0" to, once each, while it has one thread
 * @param unified on v2 and hybrid: the folder to clone3(2) into with CLONE_INTO_CGROUP
 */
public record Join(List<Path> tasks, Optional<Path> unified) {
  public Join {
    tasks = List.copyOf(tasks);
  }

  /** The v2 file that a process not cloned into the group writes "0" to; slow. */
  public Optional<Path> unifiedProcs() {
    return unified.map(folder -> folder.resolve("cgroup.procs"));
  }
}
