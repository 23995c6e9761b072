package dev.hearth.runtime.snapshot;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Mounts of EROFS layers, each once, at {@code <state>/layers/<hex>}.
 *
 * <p>Once, because every mount of an image is a file system of its own with its own page cache:
 * were each container to mount its layers itself, a hundred containers of one image would hold a
 * hundred copies of its libraries in memory. At a path, because a mount held by a descriptor alone
 * dies with the daemon, and the next daemon could not share what running containers use. A layer is
 * mounted while a root file system is made of it and unmounted with the last; what an unclean end
 * leaves, the next start finds by its path and adopts or unmounts. Overlays hold private copies of
 * these mounts, so that unmounting never disturbs a container.
 *
 * <p>Thread-safe; the lock guards {@link #mounted}. Mounting blocks: not on a virtual thread.
 */
final class LayerMounts {
  private static final System.Logger LOG = System.getLogger(LayerMounts.class.getName());
  private static final Set<MountAttribute> ATTRIBUTES =
      Set.of(MountAttribute.READ_ONLY, MountAttribute.NO_SUID, MountAttribute.NO_DEVICES);

  private final Path folder;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Digest> mounted = new HashSet<>();

  private LayerMounts(Path folder) {
    this.folder = folder;
  }

  /**
   * @param state the daemon's folder for what does not outlive the node's boot, such as /run/hearth
   * @param needed layers that root file systems are made of; mounts of others are removed
   */
  static LayerMounts open(Path state, Set<Digest> needed) throws IOException {
    Path folder = state.resolve("layers");
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    var mounts = new LayerMounts(folder);
    mounts.adopt(needed);
    return mounts;
  }

  private void adopt(Set<Digest> needed) throws IOException {
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      for (Path path : paths) {
        String hex = path.getFileName().toString();
        if (!hex.matches("[0-9a-f]{64}")) {
          continue;
        }
        Digest diffId = Digest.sha256(hex);
        if (needed.contains(diffId) && isMounted(path)) {
          mounted.add(diffId);
        } else {
          unmount(path);
        }
      }
    }
  }

  private static boolean isMounted(Path path) throws LinuxException {
    return Entries.status(path).mountRoot();
  }

  /**
   * The root of a layer, which is mounted if need be; the caller closes it, and has made sure that
   * the layer is held.
   */
  Fd open(Layer layer) throws IOException {
    return switch (layer.format()) {
      case FOLDER -> openFolder(layer.folder());
      case EROFS -> {
        Path path = path(layer.diffId());
        mount(layer, path);
        yield openFolder(path);
      }
    };
  }

  private Path path(Digest diffId) {
    return folder.resolve(diffId.hex());
  }

  private static Fd openFolder(Path path) throws LinuxException {
    return Opens.open(path, Set.of(OpenFlag.PATH, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW));
  }

  private void mount(Layer layer, Path path) throws IOException {
    lock.lock();
    try {
      if (mounted.contains(layer.diffId())) {
        return;
      }
      Files.createDirectories(path);
      try (FileSystemContext context = FileSystemContext.open("erofs")) {
        context.set("source", layer.path().toString());
        context.create();
        try (Fd mount = context.mount(ATTRIBUTES)) {
          DetachedMounts.attach(mount, path);
        }
      }
      mounted.add(layer.diffId());
    } finally {
      lock.unlock();
    }
  }

  /** Unmounts a layer that no root file system is made of any more. */
  void close(Digest diffId) {
    lock.lock();
    try {
      if (mounted.remove(diffId)) {
        unmount(path(diffId));
      }
    } catch (IOException e) {
      // It costs memory and no correctness; the next start tries again.
      LOG.log(System.Logger.Level.WARNING, "layer {0} stays mounted: {1}", diffId, e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  /** Unmounts everything at a path, in the end the path itself is gone. */
  private static void unmount(Path path) throws IOException {
    while (true) {
      try {
        Mounts.unmount(path, Set.of(UnmountFlag.DETACH, UnmountFlag.NO_FOLLOW));
      } catch (LinuxException e) {
        if (!e.isAnyOf(Errno.EINVAL, Errno.ENOENT)) {
          throw e;
        }
        Files.deleteIfExists(path);
        return;
      }
    }
  }
}
