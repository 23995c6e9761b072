package dev.hearth.linux;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Namespaces, each entered by a platform thread made for it that ends with its task.
 *
 * <p>A thread inherits the namespaces of the one that starts it, and the virtual machine starts
 * threads at many occasions: a task handed to a pool, a future completed, a virtual thread woken, a
 * logger's lock released. So a task makes calls of this package and little else; it hands results
 * back by returning them, and logs nothing. A network namespace stays with a socket opened in it,
 * so open sockets there and use them outside.
 *
 * <p>User namespaces cannot be entered from a virtual machine, whose threads share all they have.
 */
public final class Namespaces {
  private static final int CLONE_FS = 0x200;
  private static final Set<OpenFlag> READ = EnumSet.of(OpenFlag.READ_ONLY);

  private Namespaces() {}

  /** What is done inside. */
  @FunctionalInterface
  public interface Task<T, E extends Exception> {
    T run() throws E;
  }

  /**
   * Runs a task in new namespaces of these kinds, which end with it unless it pins them or opens
   * them. Mounts in a new mount namespace still spread to where it was copied from: {@link
   * Mounts#setPropagation} comes first. With PID only children of the task are in the new one.
   */
  public static <T, E extends Exception> T inNew(Set<Namespace> kinds, Task<T, E> task)
      throws E, LinuxException {
    int flags = (int) Bits.union(kinds);
    String names = kinds.toString();
    return NamespaceThread.run(
        () -> Sys.check(LibC.unshare(flags), "make namespaces", names), task);
  }

  /** Runs a task in existing namespaces. */
  public static <T, E extends Exception> T inside(Map<Namespace, Fd> namespaces, Task<T, E> task)
      throws E, LinuxException {
    Map<Namespace, Fd> copy = new EnumMap<>(Namespace.class);
    copy.putAll(namespaces);
    return NamespaceThread.run(
        () -> {
          unshareFileSystemState(copy.keySet());
          for (Map.Entry<Namespace, Fd> entry : copy.entrySet()) {
            Fd namespace = entry.getValue();
            String operation = "enter " + entry.getKey() + " namespace";
            try (Fd.Use use = namespace.use(operation)) {
              int result = LibC.setns(use.number(), (int) entry.getKey().bits());
              Sys.check(result, operation, namespace.name());
            }
          }
        },
        task);
  }

  /** Runs a task in a process's namespaces of these kinds. */
  public static <T, E extends Exception> T insideOf(Fd pidfd, Set<Namespace> kinds, Task<T, E> task)
      throws E, LinuxException {
    int flags = (int) Bits.union(kinds);
    return NamespaceThread.run(
        () -> {
          unshareFileSystemState(kinds);
          String operation = "enter namespaces " + kinds + " of";
          try (Fd.Use use = pidfd.use(operation)) {
            int result = LibC.setns(use.number(), flags);
            Sys.check(result, operation, pidfd.name());
          }
        },
        task);
  }

  /** The kernel lets nobody change the mount namespace of threads that share root and cwd. */
  private static void unshareFileSystemState(Set<Namespace> kinds) throws LinuxException {
    if (kinds.contains(Namespace.MOUNT)) {
      Sys.check(LibC.unshare(CLONE_FS), "unshare root directory", "");
    }
  }

  /** The namespace this thread is in; for PID, the one its children will be in. */
  public static Fd current(Namespace kind) throws LinuxException {
    return Opens.open(currentPath(kind), READ);
  }

  private static Path currentPath(Namespace kind) {
    String name = kind == Namespace.PID ? "pid_for_children" : kind.procName();
    return Path.of("/proc/thread-self/ns/" + name);
  }

  /** The namespace pinned at a path, or of a process by its /proc path. */
  public static Fd open(Path path) throws LinuxException {
    return Opens.open(path, READ);
  }

  /**
   * Keeps this thread's namespace alive by binding it to a file, which must not be there yet. Not
   * for mount namespaces, which cannot hold themselves: open those and pin them from outside.
   */
  public static void pin(Namespace kind, Path file) throws LinuxException {
    pin(currentPath(kind), file);
  }

  /** Keeps a namespace alive by binding it to a file, which must not be there yet. */
  public static void pin(Fd namespace, Path file) throws LinuxException {
    try (Fd.Use use = namespace.use("pin")) {
      pin(Path.of("/proc/self/fd/" + use.number()), file);
    }
  }

  private static void pin(Path namespace, Path file) throws LinuxException {
    Opens.open(file, EnumSet.of(OpenFlag.READ_ONLY, OpenFlag.CREATE, OpenFlag.EXCLUSIVE), 0444)
        .close();
    try {
      Mounts.bind(namespace, file, false);
    } catch (LinuxException e) {
      try {
        Entries.remove(file);
      } catch (LinuxException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
  }

  /** Lets go of a pinned namespace and removes its file; what is gone already is no failure. */
  public static void unpin(Path file) throws LinuxException {
    try {
      Mounts.unmount(file, EnumSet.of(UnmountFlag.DETACH, UnmountFlag.NO_FOLLOW));
    } catch (LinuxException e) {
      if (!e.isAnyOf(Errno.EINVAL, Errno.ENOENT)) {
        throw e;
      }
    }
    try {
      Entries.remove(file);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }

  /** Names the host in this thread's UTS namespace. */
  public static void setHostName(String name) throws LinuxException {
    byte[] bytes = Sys.encode("set host name", name);
    Sys.check(LibC.sethostname(bytes, bytes.length - 1), "set host name", name);
  }
}
