package dev.hearth.runtime.snapshot;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.MountFlag;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.ResolveFlag;
import dev.hearth.linux.UnmountFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Makes overlay mounts that are attached nowhere: they are in no mount table, and gone as soon as
 * nobody holds their descriptor. Blocks: not on a virtual thread.
 *
 * <p>Kernels differ in how they are told the layers: one descriptor each (6.13), one path each
 * (6.8), or all paths in one option of at most a page, which the new mount API cuts off at 256
 * bytes, so that the old one has to do.
 */
final class OverlayMount {
  /** OVL_MAX_STACK of the kernel. */
  static final int MAX_LAYERS = 500;

  /** A look at an image must not open the node's devices. */
  private static final Set<MountAttribute> VIEW =
      Set.of(
          MountAttribute.READ_ONLY,
          MountAttribute.NO_SUID,
          MountAttribute.NO_DEVICES,
          MountAttribute.NO_EXEC);

  private static final Set<ResolveFlag> INSIDE =
      Set.of(ResolveFlag.IN_ROOT, ResolveFlag.NO_MAGIC_LINKS);

  /** An image that a container sees beside its own may have programs. */
  private static final Set<MountAttribute> VOLUME =
      Set.of(MountAttribute.READ_ONLY, MountAttribute.NO_SUID, MountAttribute.NO_DEVICES);

  /** How layers are told. */
  enum Way {
    DESCRIPTORS,
    PATHS,
    ONE_OPTION
  }

  /** What is written to. */
  record Writable(Fd upper, Fd work) {}

  private final Way way;
  private final Path mountPoint;

  private OverlayMount(Way way, Path mountPoint) {
    this.way = way;
    this.mountPoint = mountPoint;
  }

  /**
   * Finds out what this kernel takes.
   *
   * @param mountPoint where old kernels mount for a moment; made when needed
   */
  static OverlayMount probe(Path mountPoint, Fd anyDirectory) throws LinuxException {
    try (FileSystemContext context = FileSystemContext.open("overlay")) {
      if (takes(() -> context.set("lowerdir+", anyDirectory))) {
        return new OverlayMount(Way.DESCRIPTORS, mountPoint);
      }
      if (takes(() -> context.set("lowerdir+", anyDirectory.procPath()))) {
        return new OverlayMount(Way.PATHS, mountPoint);
      }
    }
    return new OverlayMount(Way.ONE_OPTION, mountPoint);
  }

  /** Does as an older kernel makes us, which newer ones still take: for tests. */
  OverlayMount by(Way older) {
    return new OverlayMount(older, mountPoint);
  }

  private interface Attempt {
    void run() throws LinuxException;
  }

  private static boolean takes(Attempt attempt) throws LinuxException {
    try {
      attempt.run();
      return true;
    } catch (LinuxException e) {
      // EBADF: before Linux 6.13 a descriptor that is only a place, O_PATH, counts for none.
      if (e.isAnyOf(Errno.EINVAL, Errno.EBADF)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Stacks layers.
   *
   * @param lowers roots of layers, the topmost first; one at least
   * @param writable on top of them; without, the mount is read-only
   */
  Fd create(List<Fd> lowers, Optional<Writable> writable) throws IOException {
    if (writable.isEmpty() && lowers.size() == 1) {
      return copyReadOnly(lowers.getFirst());
    }
    Fd mount = way == Way.ONE_OPTION ? createOld(lowers, writable) : createNew(lowers, writable);
    try {
      if (writable.isPresent()) {
        verifyWritable(writable.get().work());
      }
      return mount;
    } catch (IOException e) {
      mount.close();
      throw e;
    }
  }

  /** Where overlayfs cannot make its work directory it says so to nobody and mounts read-only. */
  private static void verifyWritable(Fd work) throws IOException {
    try {
      Entries.status(work, "work");
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        throw new LinuxException("make overlay's work directory in", work.name(), Errno.ENOSPC);
      }
      throw e;
    }
  }

  /**
   * Stacks layers as the processes of a user namespace are to see them: who owns a file in a layer
   * owns it there. What is written to is not mapped, or overlayfs itself could not write to it.
   *
   * @param users the user namespace
   * @throws SnapshotException if a layer's file system cannot be mapped
   */
  Fd createMapped(List<Fd> lowers, Optional<Writable> writable, Fd users) throws IOException {
    var mapped = new ArrayList<Fd>();
    try {
      for (Fd lower : lowers) {
        Fd copy = DetachedMounts.copy(lower, false);
        mapped.add(copy);
        map(copy, users);
      }
      return way == Way.DESCRIPTORS
          ? createDetached(mapped, writable)
          : createAttached(mapped, writable);
    } finally {
      mapped.forEach(Fd::close);
    }
  }

  private static void map(Fd copy, Fd users) throws IOException {
    try {
      DetachedMounts.change(
          copy,
          new DetachedMounts.Change(Set.of(), Set.of(), Optional.empty(), Optional.of(users)),
          false);
    } catch (LinuxException e) {
      if (e.is(Errno.EINVAL)) {
        throw new SnapshotException(
            SnapshotException.Reason.NOT_MAPPABLE,
            "the file system of "
                + copy.name()
                + " cannot be mapped to a user namespace: keep images on one that can, such as"
                + " ext4, xfs or btrfs");
      }
      throw e;
    }
  }

  /**
   * Stacks the layers of an image to be seen by a container, and takes a part of that.
   *
   * @param inside path in the image; empty for all of it
   * @param users a user namespace to map owners to
   */
  Fd createVolume(List<Fd> lowers, String inside, Optional<Fd> users) throws IOException {
    Fd whole =
        users.isPresent()
            ? createMapped(lowers, Optional.empty(), users.get())
            : create(lowers, Optional.empty());
    try {
      DetachedMounts.change(
          whole,
          new DetachedMounts.Change(
              VOLUME, Set.of(MountAttribute.NO_EXEC), Optional.empty(), Optional.empty()),
          false);
      if (inside.isEmpty()) {
        return whole;
      }
    } catch (IOException e) {
      whole.close();
      throw e;
    }
    try (whole) {
      return part(whole, inside);
    }
  }

  /** Kernels before 6.15 copy nothing out of what is attached nowhere. */
  private Fd part(Fd whole, String inside) throws IOException {
    Path at = Files.createTempDirectory(Files.createDirectories(mountPoint), "image-");
    try {
      DetachedMounts.attach(whole, at);
      try (Fd place = Opens.openIn(whole, inside, Set.of(OpenFlag.PATH), INSIDE)) {
        return DetachedMounts.copy(place, false);
      }
    } finally {
      detach(at);
    }
  }

  /** Kernels before 6.15 take no layer that is attached nowhere. */
  private Fd createDetached(List<Fd> lowers, Optional<Writable> writable) throws IOException {
    try {
      return create(lowers, writable);
    } catch (LinuxException e) {
      if (e.is(Errno.EINVAL)) {
        return createAttached(lowers, writable);
      }
      throw e;
    }
  }

  private Fd createAttached(List<Fd> lowers, Optional<Writable> writable) throws IOException {
    var places = new ArrayList<Path>();
    try {
      for (Fd lower : lowers) {
        Path at = Files.createTempDirectory(Files.createDirectories(mountPoint), "layer-");
        places.add(at);
        DetachedMounts.attach(lower, at);
      }
      return create(lowers, writable);
    } finally {
      for (Path at : places) {
        detach(at);
      }
    }
  }

  private static void detach(Path at) throws IOException {
    try {
      Mounts.unmount(at, Set.of(UnmountFlag.DETACH));
    } catch (LinuxException e) {
      // Not attached: that is what failed.
      if (!e.is(Errno.EINVAL)) {
        throw e;
      }
    }
    Files.delete(at);
  }

  /** overlayfs stacks two at least; a single layer is its own view. */
  private static Fd copyReadOnly(Fd lower) throws LinuxException {
    Fd copy = DetachedMounts.copy(lower, false);
    try {
      DetachedMounts.change(copy, DetachedMounts.Change.setting(VIEW), false);
      return copy;
    } catch (LinuxException e) {
      copy.close();
      throw e;
    }
  }

  private Fd createNew(List<Fd> lowers, Optional<Writable> writable) throws LinuxException {
    try (FileSystemContext context = FileSystemContext.open("overlay")) {
      context.set("source", "overlay");
      for (Fd lower : lowers) {
        set(context, "lowerdir+", lower);
      }
      if (writable.isPresent()) {
        set(context, "upperdir", writable.get().upper());
        set(context, "workdir", writable.get().work());
        context.set("volatile");
      }
      context.set("index", "off");
      context.create();
      return context.mount(writable.isPresent() ? Set.of() : VIEW);
    }
  }

  private void set(FileSystemContext context, String key, Fd directory) throws LinuxException {
    if (way == Way.DESCRIPTORS) {
      context.set(key, directory);
    } else {
      context.set(key, directory.procPath());
    }
  }

  private Fd createOld(List<Fd> lowers, Optional<Writable> writable) throws IOException {
    String options =
        "index=off,lowerdir="
            + lowers.stream().map(Fd::procPath).collect(Collectors.joining(":"))
            + writable
                .map(w ->
                    ",volatile,upperdir="
                        + w.upper().procPath()
                        + ",workdir="
                        + w.work().procPath())
                .orElse("");
    var flags = EnumSet.noneOf(MountFlag.class);
    if (writable.isEmpty()) {
      flags.addAll(
          Set.of(MountFlag.READ_ONLY, MountFlag.NO_SUID, MountFlag.NO_DEVICES, MountFlag.NO_EXEC));
    }
    Path at = Files.createTempDirectory(Files.createDirectories(mountPoint), "overlay-");
    try {
      Mounts.mount("overlay", at, "overlay", flags, options);
      try {
        return DetachedMounts.copy(at, false);
      } finally {
        Mounts.unmount(at, Set.of(UnmountFlag.DETACH));
      }
    } finally {
      Files.delete(at);
    }
  }
}
