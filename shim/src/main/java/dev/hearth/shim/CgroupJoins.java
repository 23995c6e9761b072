package dev.hearth.shim;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The control groups a process enters.
 *
 * @param files of cgroup v1, {@code tasks} each, which the process writes "0" into
 * @param unified the folder of cgroup v2 it is cloned into
 */
public record CgroupJoins(List<Path> files, Optional<Path> unified) {
  public static final CgroupJoins NONE = new CgroupJoins(List.of(), Optional.empty());

  public CgroupJoins {
    files = List.copyOf(files);
  }
}
