package dev.hearth.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Extended attributes, xattr(7). A path's last part is not followed when it is a link. */
public final class Xattrs {
  /** The kernel's limits: XATTR_SIZE_MAX for a value, XATTR_LIST_MAX for all names. */
  private static final int MAX_SIZE = 65536;

  /** What nearly every value and list fits into, in bytes. */
  private static final int USUAL_SIZE = 512;

  private static final String LIST = "list attributes of";

  private Xattrs() {}

  /** Sets an attribute, whether there or not. */
  public static void set(Path path, String name, byte[] value) throws LinuxException {
    String operation = "set attribute " + name + " of";
    byte[] file = Sys.encode(operation, path.toString());
    byte[] key = Sys.encode(operation, name);
    int result = LibC.lsetxattr(file, key, value, value.length, 0);
    Sys.check(result, operation, path.toString());
  }

  /** Sets an attribute of an open file, not opened with PATH. */
  public static void set(Fd file, String name, byte[] value) throws LinuxException {
    String operation = "set attribute " + name + " of";
    byte[] key = Sys.encode(operation, name);
    try (Fd.Use use = file.use(operation)) {
      int result = LibC.fsetxattr(use.number(), key, value, value.length, 0);
      Sys.check(result, operation, file.name());
    }
  }

  /** The value of an attribute; empty when it has none of this name. */
  public static Optional<byte[]> get(Path path, String name) throws LinuxException {
    String operation = "get attribute " + name + " of";
    byte[] file = Sys.encode(operation, path.toString());
    byte[] key = Sys.encode(operation, name);
    return get(operation, path.toString(), (value, size) -> LibC.lgetxattr(file, key, value, size));
  }

  /** The value of an attribute of an open file; empty when it has none of this name. */
  public static Optional<byte[]> get(Fd file, String name) throws LinuxException {
    String operation = "get attribute " + name + " of";
    byte[] key = Sys.encode(operation, name);
    try (Fd.Use use = file.use(operation)) {
      int fd = use.number();
      return get(operation, file.name(), (value, size) -> LibC.fgetxattr(fd, key, value, size));
    }
  }

  private static Optional<byte[]> get(String operation, String path, Fill call)
      throws LinuxException {
    byte[] value = new byte[USUAL_SIZE];
    long size = call.into(value, value.length);
    if (size < 0 && Sys.failedWith(Errno.ERANGE)) {
      value = new byte[MAX_SIZE];
      size = call.into(value, value.length);
    }
    if (size < 0 && Sys.failedWith(Errno.ENODATA)) {
      return Optional.empty();
    }
    return Optional.of(Arrays.copyOf(value, (int) Sys.check(size, operation, path)));
  }

  /** The names of all attributes the caller may see. */
  public static List<String> list(Path path) throws LinuxException {
    byte[] file = Sys.encode(LIST, path.toString());
    return list(path.toString(), (names, size) -> LibC.llistxattr(file, names, size));
  }

  /** The names of all attributes of an open file. */
  public static List<String> list(Fd file) throws LinuxException {
    try (Fd.Use use = file.use(LIST)) {
      int fd = use.number();
      return list(file.name(), (names, size) -> LibC.flistxattr(fd, names, size));
    }
  }

  private static List<String> list(String path, Fill call) throws LinuxException {
    byte[] names = new byte[USUAL_SIZE];
    long size = call.into(names, names.length);
    if (size < 0 && Sys.failedWith(Errno.ERANGE)) {
      names = new byte[MAX_SIZE];
      size = call.into(names, names.length);
    }
    return split(names, (int) Sys.check(size, LIST, path));
  }

  /** The names in a list, each ending in NUL. */
  private static List<String> split(byte[] names, int length) {
    List<String> list = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < length; i++) {
      if (names[i] == 0) {
        list.add(Sys.decode(names, start, i));
        start = i + 1;
      }
    }
    return List.copyOf(list);
  }

  /** Removes an attribute; ENODATA when it is not there. */
  public static void remove(Path path, String name) throws LinuxException {
    String operation = "remove attribute " + name + " of";
    byte[] file = Sys.encode(operation, path.toString());
    byte[] key = Sys.encode(operation, name);
    Sys.check(LibC.lremovexattr(file, key), operation, path.toString());
  }

  /** Removes an attribute of an open file; ENODATA when it is not there. */
  public static void remove(Fd file, String name) throws LinuxException {
    String operation = "remove attribute " + name + " of";
    byte[] key = Sys.encode(operation, name);
    try (Fd.Use use = file.use(operation)) {
      Sys.check(LibC.fremovexattr(use.number(), key), operation, file.name());
    }
  }

  private interface Fill {
    long into(byte[] buffer, long size);
  }
}
