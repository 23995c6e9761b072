package dev.hearth.linux;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * mount(2) and umount2(2). They may wait for a disk: on virtual threads through {@link
 * BlockingCalls}.
 */
public final class Mounts {
  private Mounts() {}

  /**
   * Mounts a file system.
   *
   * @param source device, or any word where the type has none
   * @param type such as {@code overlay}
   * @param data options of the type, comma separated, below 4096 bytes; may be empty
   */
  public static void mount(
      String source, Path target, String type, Set<MountFlag> flags, String data)
      throws LinuxException {
    String operation = "mount " + type + " on";
    String name = target.toString();
    int result =
        LibC.mount(
            Sys.encode(operation, source),
            Sys.encode(operation, name),
            Sys.encode(operation, type),
            Bits.union(flags),
            data.isEmpty() ? null : Sys.encode(operation, data));
    Sys.check(result, operation, name);
  }

  /**
   * Makes a file or directory visible at another place too.
   *
   * @param recursive with what is mounted below it
   */
  public static void bind(Path source, Path target, boolean recursive) throws LinuxException {
    var flags = EnumSet.of(MountFlag.BIND);
    if (recursive) {
      flags.add(MountFlag.RECURSIVE);
    }
    flags("bind " + source + " on", source, target, Bits.union(flags));
  }

  /** Changes the flags of one bind mount to exactly these. */
  public static void remountBind(Path target, Set<MountFlag> flags) throws LinuxException {
    long change = MountFlag.BIND.bits() | MountFlag.REMOUNT.bits();
    flags("remount", null, target, Bits.union(flags) | change);
  }

  /** Moves a mount to another place. */
  public static void move(Path source, Path target) throws LinuxException {
    flags("move mount " + source + " to", source, target, MountFlag.MOVE.bits());
  }

  /** Sets how mounts below this one spread. */
  public static void setPropagation(Path target, Propagation propagation, boolean recursive)
      throws LinuxException {
    long bits = propagation.bits() | (recursive ? MountFlag.RECURSIVE.bits() : 0);
    flags("set propagation of", null, target, bits);
  }

  private static void flags(String operation, @Nullable Path source, Path target, long flags)
      throws LinuxException {
    String name = target.toString();
    byte[] from = source == null ? null : Sys.encode(operation, source.toString());
    byte[] to = Sys.encode(operation, name);
    Sys.check(LibC.mount(from, to, null, flags, null), operation, name);
  }

  /** Unmounts what is mounted last on a path; EINVAL when nothing is. */
  public static void unmount(Path target, Set<UnmountFlag> flags) throws LinuxException {
    String name = target.toString();
    byte[] bytes = Sys.encode("unmount", name);
    Sys.check(LibC.umount2(bytes, (int) Bits.union(flags)), "unmount", name);
  }
}
