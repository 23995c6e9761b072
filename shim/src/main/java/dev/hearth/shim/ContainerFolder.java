package dev.hearth.shim;

/** A folder made in a container; one that exists stays as it is. */
public record ContainerFolder(String path, int permissions, int uid, int gid) {
  public ContainerFolder {
    ContainerPaths.check(path);
  }
}
