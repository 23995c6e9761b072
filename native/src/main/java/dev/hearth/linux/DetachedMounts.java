package dev.hearth.linux;

import static dev.hearth.linux.LibC.AT_FDCWD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Mounts held by a descriptor: open_tree(2), mount_setattr(2), move_mount(2). */
public final class DetachedMounts {
  private static final int OPEN_TREE_CLONE = 1;
  private static final int AT_RECURSIVE = 0x8000;
  private static final int MOVE_FROM_EMPTY_PATH = 0x4;
  private static final int MOVE_TO_EMPTY_PATH = 0x40;
  private static final int ATTRIBUTES_SIZE = 32;
  private static final byte[] EMPTY = {0};

  private DetachedMounts() {}

  /**
   * A copy of what is mounted at a path, as a bind mount would be, attached nowhere.
   *
   * @param recursive with what is mounted below it
   */
  public static Fd copy(Path path, boolean recursive) throws LinuxException {
    byte[] bytes = Sys.encode("copy mount", path.toString());
    return copy(AT_FDCWD, bytes, recursive ? AT_RECURSIVE : 0, path.toString());
  }

  /** As {@link #copy(Path, boolean)}, of an open file or directory. */
  public static Fd copy(Fd file, boolean recursive) throws LinuxException {
    int flags = Entries.AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    try (Fd.Use use = file.use("copy mount")) {
      return copy(use.number(), EMPTY, flags, file.name());
    }
  }

  private static Fd copy(int dir, byte[] path, int flags, String name) throws LinuxException {
    int all = flags | OPEN_TREE_CLONE | OpenFlag.CLOEXEC;
    long fd = LibC.syscall(Syscall.OPEN_TREE, dir, path, all);
    return new Fd((int) Sys.check(fd, "copy mount", name), "copy of mount " + name);
  }

  /** Attaches a mount at a path. */
  public static void attach(Fd mount, Path target) throws LinuxException {
    String operation = "attach " + mount.name() + " to";
    byte[] to = Sys.encode(operation, target.toString());
    try (Fd.Use use = mount.use(operation)) {
      attach(use.number(), AT_FDCWD, to, 0, operation, target.toString());
    }
  }

  /** Attaches a mount at an open file or directory, which may lie in another mount namespace. */
  public static void attach(Fd mount, Fd target) throws LinuxException {
    String operation = "attach " + mount.name() + " to";
    try (Fd.Use use = mount.use(operation);
        Fd.Use to = target.use(operation)) {
      attach(use.number(), to.number(), EMPTY, MOVE_TO_EMPTY_PATH, operation, target.name());
    }
  }

  private static void attach(
      int mount, int dir, byte[] path, int flags, String operation, String name)
      throws LinuxException {
    long result =
        LibC.syscall(
            Syscall.MOVE_MOUNT, mount, EMPTY, dir, path, (long) flags | MOVE_FROM_EMPTY_PATH);
    Sys.check(result, operation, name);
  }

  /**
   * A change of attributes.
   *
   * @param set those to switch on
   * @param clear those to switch off
   * @param propagation left as it is when empty
   * @param idMap user namespace whose mapping applies to a mount not yet attached
   */
  public record Change(
      Set<MountAttribute> set,
      Set<MountAttribute> clear,
      Optional<Propagation> propagation,
      Optional<Fd> idMap) {
    public Change {
      set = Set.copyOf(set);
      clear = Set.copyOf(clear);
    }

    /** Switches attributes on. */
    public static Change setting(Set<MountAttribute> set) {
      return new Change(set, Set.of(), Optional.empty(), Optional.empty());
    }

    /** Sets the propagation. */
    public static Change propagating(Propagation propagation) {
      return new Change(Set.of(), Set.of(), Optional.of(propagation), Optional.empty());
    }
  }

  /** Changes attributes of a mount, all or none; recursively, those of all mounts below it too. */
  public static void change(Fd mount, Change change, boolean recursive) throws LinuxException {
    try (Fd.Use use = mount.use("change mount")) {
      int flags = Entries.AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
      change(use.number(), EMPTY, flags, change, mount.name());
    }
  }

  /** As {@link #change(Fd, Change, boolean)}, of the mount at a path. */
  public static void change(Path mount, Change change, boolean recursive) throws LinuxException {
    byte[] path = Sys.encode("change mount", mount.toString());
    change(AT_FDCWD, path, recursive ? AT_RECURSIVE : 0, change, mount.toString());
  }

  private static void change(int dir, byte[] path, int flags, Change change, String name)
      throws LinuxException {
    if (change.idMap().isEmpty()) {
      setAttributes(dir, path, flags, change, 0, 0, name);
      return;
    }
    try (Fd.Use map = change.idMap().get().use("change mount")) {
      setAttributes(dir, path, flags, change, MountAttribute.ID_MAPPED, map.number(), name);
    }
  }

  private static void setAttributes(
      int dir, byte[] path, int flags, Change change, long idMapped, long idMap, String name)
      throws LinuxException {
    long set = Bits.union(change.set());
    long clear = Bits.union(change.clear());
    if (((set | clear) & MountAttribute.ACCESS_TIMES) != 0) {
      clear |= MountAttribute.ACCESS_TIMES;
    }
    byte[] attributes = new byte[ATTRIBUTES_SIZE];
    ByteBuffer.wrap(attributes)
        .order(ByteOrder.nativeOrder())
        .putLong(set | idMapped)
        .putLong(clear)
        .putLong(change.propagation().map(Propagation::bits).orElse(0L))
        .putLong(idMap);
    long result =
        LibC.syscall(Syscall.MOUNT_SETATTR, dir, path, flags, attributes, ATTRIBUTES_SIZE);
    Sys.check(result, "change mount", name);
  }
}
