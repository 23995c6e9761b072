package dev.hearth.linux;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Extended attributes, xattr(7). A path's last part is not followed when it is a link. */
public final class Xattrs {
  /** The kernel's limits: XATTR_SIZE_MAX for a value, XATTR_LIST_MAX for all names. */
  private static final int MAX_SIZE = 65536;

  /** What nearly every value and list fits into, in bytes. */
  private static final int USUAL_SIZE = 512;

  private static final String SET = "set attribute";
  private static final String GET = "get attribute";
  private static final String LIST = "list attributes of";

  private Xattrs() {}

  /** Sets an attribute, whether there or not. */
  public static void set(Path path, String name, byte[] value) throws LinuxException {
    byte[] file = Sys.encode(SET, path.toString());
    int result = LibC.lsetxattr(file, Sys.encode(SET, name), value, value.length, 0);
    checkSet(result, name, path.toString());
  }

  /** Sets an attribute of an open file, not opened with PATH. */
  public static void set(Fd file, String name, byte[] value) throws LinuxException {
    byte[] key = Sys.encode(SET, name);
    try (Fd.Use use = file.use(SET)) {
      int result = LibC.fsetxattr(use.number(), key, value, value.length, 0);
      checkSet(result, name, file.name());
    }
  }

  private static void checkSet(int result, String name, String path) throws LinuxException {
    if (result < 0) {
      throw Sys.failure(SET + " " + name + " of", path);
    }
  }

  /** The value of an attribute; empty when it has none of this name. */
  public static Optional<byte[]> get(Path path, String name) throws LinuxException {
    byte[] file = Sys.encode(GET, path.toString());
    byte[] key = Sys.encode(GET, name);
    return get(name, path.toString(), (value, size) -> LibC.lgetxattr(file, key, value, size));
  }

  /** The value of an attribute of an open file; empty when it has none of this name. */
  public static Optional<byte[]> get(Fd file, String name) throws LinuxException {
    byte[] key = Sys.encode(GET, name);
    try (Fd.Use use = file.use(GET)) {
      int fd = use.number();
      return get(name, file.name(), (value, size) -> LibC.fgetxattr(fd, key, value, size));
    }
  }

  private static Optional<byte[]> get(String name, String path, Fill call) throws LinuxException {
    byte[] value = new byte[USUAL_SIZE];
    long size = call.into(value, value.length);
    if (size < 0 && Sys.failedWith(Errno.ERANGE)) {
      value = new byte[MAX_SIZE];
      size = call.into(value, value.length);
    }
    if (size < 0) {
      if (Sys.failedWith(Errno.ENODATA)) {
        return Optional.empty();
      }
      throw Sys.failure(GET + " " + name + " of", path);
    }
    return Optional.of(Entries.cut(value, size));
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
    return Entries.split(names, (int) Sys.check(size, LIST, path));
  }

  /** Removes an attribute; ENODATA when it is not there. */
  public static void remove(Path path, String name) throws LinuxException {
    byte[] file = Sys.encode("remove attribute", path.toString());
    int result = LibC.lremovexattr(file, Sys.encode("remove attribute", name));
    Sys.check(result, "remove attribute " + name + " of", path.toString());
  }

  /** Removes an attribute of an open file; ENODATA when it is not there. */
  public static void remove(Fd file, String name) throws LinuxException {
    byte[] key = Sys.encode("remove attribute", name);
    try (Fd.Use use = file.use("remove attribute")) {
      int result = LibC.fremovexattr(use.number(), key);
      Sys.check(result, "remove attribute " + name + " of", file.name());
    }
  }

  private interface Fill {
    long into(byte[] buffer, long size);
  }
}
