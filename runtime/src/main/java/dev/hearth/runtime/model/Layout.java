package dev.hearth.runtime.model;

import java.nio.file.Path;

/**
 * Where things lie on disk.
 *
 * @param root what lasts: images, layers, records, writable layers
 * @param state what ends with the machine: sockets, namespace pins, exit records; on tmpfs
 */
public record Layout(Path root, Path state) {
  public Path podRecords() {
    return root.resolve("records/pods");
  }

  public Path containerRecords() {
    return root.resolve("records/containers");
  }

  public Path pods() {
    return state.resolve("pods");
  }

  public Path containers() {
    return state.resolve("containers");
  }

  /** Namespace pins, resolv.conf, hostname and /dev/shm of a pod. */
  public Path pod(PodId id) {
    return pods().resolve(id.value());
  }

  /** Control socket and exit record of a container's shim. */
  public Path container(ContainerId id) {
    return containers().resolve(id.value());
  }
}
