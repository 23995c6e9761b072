package dev.hearth.shim;

import java.util.List;

/**
 * The files a container sees, made in this order.
 *
 * @param masked paths hidden behind an empty folder or /dev/null; absent ones are passed over
 * @param readOnly paths made read-only with all below them; absent ones are passed over
 */
public record FileTree(
    RootFileSystem root,
    List<ContainerMount> mounts,
    List<ContainerFolder> folders,
    List<DeviceNode> devices,
    List<ContainerLink> links,
    List<String> readOnly,
    List<String> masked) {
  public FileTree {
    mounts = List.copyOf(mounts);
    folders = List.copyOf(folders);
    devices = List.copyOf(devices);
    links = List.copyOf(links);
    readOnly = List.copyOf(readOnly);
    masked = List.copyOf(masked);
    readOnly.forEach(ContainerPaths::check);
    masked.forEach(ContainerPaths::check);
  }

  /** A root file system with nothing added. */
  public static FileTree of(RootFileSystem root, List<ContainerMount> mounts) {
    return new FileTree(root, mounts, List.of(), List.of(), List.of(), List.of(), List.of());
  }
}
