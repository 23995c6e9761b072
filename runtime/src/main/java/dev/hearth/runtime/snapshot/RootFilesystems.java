package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.SnapshotException.Reason.CONFLICT;
import static dev.hearth.runtime.snapshot.SnapshotException.Reason.MISSING_LAYER;
import static dev.hearth.runtime.snapshot.SnapshotException.Reason.NO_SUCH_PATH;
import static dev.hearth.runtime.snapshot.SnapshotException.Reason.TOO_MANY_LAYERS;
import static dev.hearth.runtime.snapshot.SnapshotException.Reason.UNKNOWN_CONTAINER;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.UserNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Root file systems of containers: the layers of an image and, on top, what the container writes,
 * in {@code <root>/snapshots/<container id>}.
 *
 * <p>Their mounts are detached: {@link #mount} hands out a descriptor, which the container's shim
 * attaches in the container's own mount namespace. Nothing of it is ever in the node's mount table,
 * and a daemon that dies leaves nothing. They are {@code volatile}: what a container wrote need not
 * survive a power loss that ends the container too, and unmounting without it waits for the disk.
 *
 * <p>Thread-safe, one call at a time for one container. The lock guards that layers are mounted
 * when first needed and unmounted when last.
 */
public final class RootFilesystems implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RootFilesystems.class.getName());
  private static final String TEMPORARY = ".new-";
  private static final String REMOVED = ".gone-";

  /**
   * How many entries {@link #remove} removes itself before it leaves the rest to the background.
   */
  private static final int REMOVED_AT_ONCE = 300;

  private final Path folder;
  private final Layers layers;
  private final LayerMounts layerMounts;
  private final OverlayMount overlay;
  private final ImpliedDirectories implied;
  private final BlockingCalls calls;
  private final UpperUsage usage;
  private final AtomicLong names = new AtomicLong();
  private final Map<ContainerId, Snapshot> snapshots = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("snapshot-background").factory());

  private RootFilesystems(
      Path folder,
      Layers layers,
      LayerMounts layerMounts,
      OverlayMount overlay,
      BlockingCalls calls,
      InstantSource clock) {
    this.folder = folder;
    this.layers = layers;
    this.layerMounts = layerMounts;
    this.overlay = overlay;
    this.implied = new ImpliedDirectories();
    this.calls = calls;
    this.usage = new UpperUsage(background, clock);
  }

  /**
   * Opens what there is, adopts mounts of layers that are needed and drops those that are not.
   *
   * @param root the daemon's root, such as /var/lib/hearth; overlayfs must take it as upper
   * @param state its state folder, such as /run/hearth
   */
  public static RootFilesystems open(
      Path root, Path state, Layers layers, BlockingCalls calls, InstantSource clock)
      throws IOException {
    Path folder = root.resolve("snapshots");
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    var found = new ArrayList<Snapshot>();
    var leftovers = new ArrayList<Path>();
    scan(folder, found, leftovers);
    var needed = new HashSet<Digest>();
    for (Snapshot snapshot : found) {
      layers.holdEvenAbsent(snapshot.held());
      needed.addAll(snapshot.held());
    }
    OverlayMount overlay;
    try (Fd any = openFolder(folder)) {
      overlay = OverlayMount.probe(state.resolve("mounting"), any);
    }
    var filesystems =
        new RootFilesystems(folder, layers, LayerMounts.open(state, needed), overlay, calls, clock);
    found.forEach(snapshot -> filesystems.snapshots.put(snapshot.container(), snapshot));
    leftovers.forEach(filesystems::deleteInBackground);
    return filesystems;
  }

  private static void scan(Path folder, List<Snapshot> found, List<Path> leftovers)
      throws IOException {
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      for (Path path : paths) {
        String name = path.getFileName().toString();
        if (!ContainerId.isValid(name)) {
          leftovers.add(path);
          continue;
        }
        try {
          found.add(Snapshot.read(new ContainerId(name), path));
        } catch (IOException e) {
          LOG.log(System.Logger.Level.WARNING, "removing a broken snapshot: {0}", e.getMessage());
          leftovers.add(path);
        }
      }
    }
  }

  private static Fd openFolder(Path path) throws LinuxException {
    return Opens.open(path, Set.of(OpenFlag.PATH, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW));
  }

  /** The containers that have a root file system, for recovery. */
  public Set<ContainerId> list() {
    return new TreeSet<>(snapshots.keySet());
  }

  /** The layers root file systems are made of: not to be removed. */
  public Set<Digest> layersInUse() {
    var used = new HashSet<Digest>();
    snapshots.values().forEach(snapshot -> used.addAll(snapshot.held()));
    return used;
  }

  /**
   * Makes the root file system of a container. Again with the same layers does nothing.
   *
   * @param diffIds of the image's layers, the lowest first; one at least
   * @param users the user namespace it is to be mounted for, if not the node's
   * @param volumes images the container sees beside its own
   * @throws SnapshotException when a layer is missing, or it was prepared with other layers
   */
  public void prepare(
      ContainerId container,
      List<Digest> diffIds,
      Optional<UserNamespace> users,
      List<ImageVolume> volumes)
      throws IOException, InterruptedException {
    if (diffIds.isEmpty()) {
      throw new IllegalArgumentException("an image of no layers has no root file system");
    }
    Snapshot present = snapshots.get(container);
    if (present != null) {
      if (!present.layers().equals(diffIds)) {
        throw new SnapshotException(
            CONFLICT, "container " + container + " has a root file system of other layers");
      }
      return;
    }
    calls.<IOException>run(() -> prepareBlocking(container, diffIds, users, volumes));
  }

  private void prepareBlocking(
      ContainerId container,
      List<Digest> diffIds,
      Optional<UserNamespace> users,
      List<ImageVolume> volumes)
      throws IOException {
    Path temporary = folder.resolve(TEMPORARY + container);
    var snapshot = new Snapshot(container, temporary, diffIds, volumes);
    Set<Digest> held = snapshot.held();
    lock.lock();
    try {
      Optional<Digest> missing = layers.hold(held);
      if (missing.isPresent()) {
        throw missing(missing.get());
      }
    } finally {
      lock.unlock();
    }
    try {
      TreeRemoval.remove(temporary);
      snapshot.create();
      try (Lowers lowers = lowers(diffIds)) {
        implied.apply(lowers.layers(), lowers.roots(), snapshot.upper(), users);
      }
      Path path = folder.resolve(container.value());
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
      snapshots.put(container, new Snapshot(container, path, diffIds, volumes));
    } catch (IOException | RuntimeException e) {
      try {
        TreeRemoval.remove(temporary);
      } catch (IOException cleanup) {
        e.addSuppressed(cleanup);
      }
      release(held);
      throw e;
    }
  }

  private static SnapshotException missing(Digest diffId) {
    return new SnapshotException(
        MISSING_LAYER, "layer " + diffId + " is not here any more; pull the image again");
  }

  /** Layers and their roots, the topmost first. */
  private record Lowers(List<Layer> layers, List<Fd> roots) implements AutoCloseable {
    @Override
    public void close() {
      roots.forEach(Fd::close);
    }
  }

  /**
   * Opens what is to be stacked. overlayfs refuses a layer twice; the upper of two hides all the
   * lower one could add. Nor does it know that a layer's root can be opaque.
   */
  private Lowers lowers(List<Digest> diffIds) throws IOException {
    var stack = new ArrayList<Layer>();
    for (Digest diffId : new LinkedHashSet<>(diffIds.reversed())) {
      Layer layer = layers.find(diffId).orElseThrow(() -> missing(diffId));
      stack.add(layer);
      if (layer.rootOpaque()) {
        break;
      }
    }
    if (stack.size() > OverlayMount.MAX_LAYERS) {
      throw new SnapshotException(
          TOO_MANY_LAYERS,
          "the image has " + stack.size() + " layers, overlayfs stacks " + OverlayMount.MAX_LAYERS);
    }
    var lowers = new Lowers(List.copyOf(stack), new ArrayList<>());
    lock.lock();
    try {
      for (Layer layer : stack) {
        lowers.roots().add(layerMounts.open(layer));
      }
      return lowers;
    } catch (IOException | RuntimeException e) {
      lowers.close();
      throw e;
    } finally {
      lock.unlock();
    }
  }

  private Snapshot snapshot(ContainerId container) throws SnapshotException {
    Snapshot snapshot = snapshots.get(container);
    if (snapshot == null) {
      throw new SnapshotException(
          UNKNOWN_CONTAINER, "container " + container + " has no root file system");
    }
    return snapshot;
  }

  /**
   * Mounts a container's root file system, attached nowhere; the caller closes the descriptor. Only
   * when an earlier mount of it is gone: overlayfs does not share what it writes to.
   *
   * @param users a user namespace, for containers of which the owners of files are those of the
   *     image; what they write belongs to who they are on the node
   * @throws SnapshotException when none was prepared
   */
  public Fd mount(ContainerId container, Optional<Fd> users)
      throws IOException, InterruptedException {
    Snapshot snapshot = snapshot(container);
    return calls.<Fd, IOException>call(() -> mountBlocking(snapshot, users));
  }

  private Fd mountBlocking(Snapshot snapshot, Optional<Fd> users) throws IOException {
    renewWork(snapshot.work());
    try (Lowers lowers = lowers(snapshot.layers());
        Fd upper = openFolder(snapshot.upper());
        Fd work = openFolder(snapshot.work())) {
      Optional<OverlayMount.Writable> top = Optional.of(new OverlayMount.Writable(upper, work));
      return users.isPresent()
          ? overlay.createMapped(lowers.roots(), top, users.get())
          : overlay.create(lowers.roots(), top);
    }
  }

  /** Whether files here can be shown through a user namespace: kernel and file system decide. */
  public boolean canMap(Fd users) throws InterruptedException {
    return calls.call(() -> canMapBlocking(users));
  }

  private boolean canMapBlocking(Fd users) {
    Path one = folder.resolve(TEMPORARY + "one");
    Path two = folder.resolve(TEMPORARY + "two");
    try {
      Files.createDirectories(one);
      Files.createDirectories(two);
      try (Fd first = openFolder(one);
          Fd second = openFolder(two)) {
        overlay.createMapped(List.of(first, second), Optional.empty(), users).close();
        return true;
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.INFO, "no user namespaces for pods: {0}", e.getMessage());
      return false;
    } finally {
      deleteInBackground(one);
      deleteInBackground(two);
    }
  }

  /** A volatile mount leaves a mark that lets no second one happen, lest lost writes be missed. */
  private static void renewWork(Path work) throws IOException {
    if (Files.exists(work.resolve("work"))) {
      TreeRemoval.remove(work);
      Files.createDirectory(work);
    }
  }

  /**
   * A look at a container's files before it starts: the image's, without what the container would
   * write. The caller closes it.
   */
  public RootView view(ContainerId container) throws IOException, InterruptedException {
    Snapshot snapshot = snapshot(container);
    return calls.<RootView, IOException>call(() -> {
      try (Lowers lowers = lowers(snapshot.layers())) {
        return new RootView(overlay.create(lowers.roots(), Optional.empty()));
      }
    });
  }

  /**
   * Mounts an image that a container sees beside its own, or a part of it, read-only and attached
   * nowhere; the caller closes the descriptor.
   *
   * @param at as in its {@link ImageVolume}
   * @param inside path in the image, by which no link leads out of it; may be empty
   * @param users as in {@link #mount}
   * @throws SnapshotException when there is no such volume, or nothing at that path
   */
  public Fd volume(ContainerId container, String at, String inside, Optional<Fd> users)
      throws IOException, InterruptedException {
    ImageVolume volume =
        snapshot(container).volumes().stream()
            .filter(known -> known.at().equals(at))
            .findFirst()
            .orElseThrow(() ->
                new SnapshotException(
                    UNKNOWN_CONTAINER, "container " + container + " has no image at " + at));
    return calls.<Fd, IOException>call(() -> {
      try (Lowers lowers = lowers(volume.layers())) {
        return overlay.createVolume(lowers.roots(), inside, users);
      } catch (LinuxException e) {
        if (!inside.isEmpty() && e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP)) {
          throw new SnapshotException(
              NO_SUCH_PATH, "image " + volume.image() + " has no " + inside);
        }
        throw e;
      }
    });
  }

  /** The id that an image a container sees had when the container was made. */
  public Optional<Digest> volumeImage(ContainerId container, String at) {
    return Optional.ofNullable(snapshots.get(container)).stream()
        .flatMap(snapshot -> snapshot.volumes().stream())
        .filter(volume -> volume.at().equals(at))
        .map(ImageVolume::image)
        .findFirst();
  }

  /**
   * What the container wrote, as it was measured last; measured again in the background when that
   * is some time ago. Never waits for the disk beyond a few entries.
   *
   * @return empty when it was not measured yet or there is no such container
   */
  public Optional<UpperUsage.Measured> usage(ContainerId container) {
    Snapshot snapshot = snapshots.get(container);
    return snapshot == null ? Optional.empty() : usage.of(container, snapshot.upper());
  }

  /** What all containers wrote, as far as it was measured: the sum of {@link #usage}. */
  public DiskUsage usageOfAll() {
    return snapshots.keySet().stream()
        .flatMap(container -> usage(container).stream())
        .map(UpperUsage.Measured::usage)
        .reduce(DiskUsage.NONE, DiskUsage::plus);
  }

  /**
   * Adds a layer that is of no image, for {@link #prepare}; it stays while a container needs it.
   *
   * @param archive an uncompressed tar
   * @param diffId digest it must have
   */
  public void addLayer(Path archive, Digest diffId) throws IOException, InterruptedException {
    try (InputStream content = Files.newInputStream(archive)) {
      var _ = layers.unpack(content, "application/vnd.oci.image.layer.v1.tar", diffId);
    } catch (LayerException e) {
      throw new IOException("what the container had written cannot be unpacked", e);
    }
  }

  /** Removes a layer that was added, unless a container needs it. */
  public void removeLayer(Digest diffId) throws IOException {
    var _ = layers.remove(diffId);
  }

  /**
   * The folder in which overlayfs keeps what a container wrote; only to be read.
   *
   * @throws SnapshotException when it has no root file system
   */
  public Path written(ContainerId container) throws SnapshotException {
    return snapshot(container).upper();
  }

  /**
   * Removes a container's root file system; one that is not here is removed already. Mounts of it
   * keep what they need until they are gone. A large one is deleted in the background, having lost
   * its name.
   */
  public void remove(ContainerId container) throws IOException, InterruptedException {
    calls.<IOException>run(() -> removeBlocking(container));
  }

  private void removeBlocking(ContainerId container) throws IOException {
    Path gone = folder.resolve(REMOVED + container + "-" + names.incrementAndGet());
    boolean there = true;
    try {
      Files.move(folder.resolve(container.value()), gone, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      there = false; // somebody was here by hand; its layers are held all the same
    }
    Snapshot snapshot = snapshots.remove(container);
    usage.forget(container);
    if (snapshot != null) {
      release(snapshot.held());
    }
    if (there && !TreeRemoval.remove(gone, REMOVED_AT_ONCE)) {
      deleteInBackground(gone);
    }
  }

  private void release(Collection<Digest> held) {
    lock.lock();
    try {
      layers.release(held).forEach(layerMounts::close);
    } finally {
      lock.unlock();
    }
  }

  private void deleteInBackground(Path path) {
    background.execute(() -> {
      try {
        TreeRemoval.remove(path);
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0} could not be removed, the next start tries again: {1}",
            path,
            e.getMessage());
      }
    });
  }

  /** Waits a little for deletions in progress. Mounts of layers stay for the next daemon. */
  @Override
  public void close() {
    background.shutdown();
    try {
      if (!background.awaitTermination(2, TimeUnit.SECONDS)) {
        background.shutdownNow();
      }
    } catch (InterruptedException e) {
      background.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
