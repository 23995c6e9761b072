package dev.hearth.shim;

/** Paths as a container sees them. Text rather than Path: they are none of this host's files. */
final class ContainerPaths {
  private ContainerPaths() {}

  static String check(String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("not an absolute path in a container: '" + path + "'");
    }
    return path;
  }
}
