package dev.hearth.shim;

/** A symbolic link made in a container, unless there is one already. */
public record ContainerLink(String path, String target) {
  public ContainerLink {
    ContainerPaths.check(path);
  }
}
