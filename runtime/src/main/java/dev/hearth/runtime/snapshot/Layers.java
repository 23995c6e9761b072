package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Unpacked layers by the digest of their archive, in {@code <root>/layers/<hex>}: an EROFS image or
 * a folder. A layer has this name exactly when it is whole and on the disk; while it is made it has
 * a temporary one, which the next start removes. Both formats are read, whichever is written.
 *
 * <p>Thread-safe; the lock guards {@link #holds} and, with it, which layers may go. One daemon owns
 * the root.
 */
public final class Layers {
  private static final System.Logger LOG = System.getLogger(Layers.class.getName());
  private static final String TEMPORARY = ".new-";
  private static final String REMOVED = ".gone-";

  private final Path folder;
  private final LayerFormat format;
  private final LayerLimits limits;
  private final Thread cleanup;
  private final long hashKey = new SecureRandom().nextLong();
  private final AtomicLong names = new AtomicLong(new SecureRandom().nextLong() >>> 1);
  private final Map<Digest, Layer> known = new ConcurrentHashMap<>();

  /** Layers found broken and said so. */
  private final Set<Digest> reported = ConcurrentHashMap.newKeySet();

  private final ReentrantLock lock = new ReentrantLock();

  /** How many root file systems need a layer. */
  private final Map<Digest, Integer> holds = new HashMap<>();

  private Layers(Path folder, LayerFormat format, LayerLimits limits, List<Path> leftovers) {
    this.folder = folder;
    this.format = format;
    this.limits = limits;
    // A folder of many files takes a while, for which a start has no time.
    this.cleanup =
        Thread.ofPlatform()
            .daemon()
            .name("layers-cleanup")
            .start(() -> deleteAll(List.copyOf(leftovers)));
  }

  /**
   * Opens the store and removes what a crash left half-made.
   *
   * @param root the daemon's root, such as /var/lib/hearth
   * @param format of layers to be unpacked, see {@link LayerFormat#forDirectory}
   */
  public static Layers open(Path root, LayerFormat format, LayerLimits limits) throws IOException {
    Path folder = root.resolve("layers");
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    var leftovers = new ArrayList<Path>();
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(folder, name -> name.getFileName().toString().startsWith("."))) {
      found.forEach(leftovers::add);
    }
    return new Layers(folder, format, limits, leftovers);
  }

  private static void deleteAll(List<Path> leftovers) {
    for (Path leftover : leftovers) {
      try {
        delete(leftover);
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "cannot remove {0}: {1}", leftover, e.getMessage());
      }
    }
  }

  /** Waits until what a crash left is gone. */
  void awaitCleanup() throws InterruptedException {
    cleanup.join();
  }

  /** Opens the store in the format that this kernel and disk allow, with the default limits. */
  public static Layers open(Path root) throws IOException {
    Path folder = root.resolve("layers");
    Files.createDirectories(folder);
    return open(root, LayerFormat.forDirectory(folder), LayerLimits.DEFAULT);
  }

  /** The format layers are unpacked in. */
  public LayerFormat format() {
    return format;
  }

  /** Whether the layer is here and whole. */
  public boolean has(Digest diffId) {
    return find(diffId).isPresent();
  }

  /** The layer, if it is here and whole; one that is not is reported and counts as absent. */
  public Optional<Layer> find(Digest diffId) {
    Layer layer = known.get(diffId);
    if (layer != null) {
      return Optional.of(layer);
    }
    try {
      Layer loaded = load(diffId);
      known.put(diffId, loaded);
      return Optional.of(loaded);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      if (reported.add(diffId)) {
        LOG.log(System.Logger.Level.WARNING, "layer {0} is unusable: {1}", diffId, e.getMessage());
      }
      return Optional.empty();
    }
  }

  private Layer load(Digest diffId) throws IOException {
    Path path = path(diffId);
    LayerFormat found = Files.isDirectory(path) ? LayerFormat.FOLDER : LayerFormat.EROFS;
    Path file = Layer.recordFile(found, path);
    LayerRecord record = LayerRecord.read(file);
    if (found == LayerFormat.EROFS) {
      verifySuperblock(path);
    }
    return new Layer(
        diffId,
        found,
        path,
        record.archiveBytes(),
        record.diskBytes(),
        record.diskInodes(),
        record.rootOpaque(),
        !record.implied().isEmpty());
  }

  private static void verifySuperblock(Path file) throws IOException {
    ByteBuffer magic = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.read(magic, ErofsTarget.SUPERBLOCK);
    }
    if (magic.getInt(0) != ErofsTarget.MAGIC) {
      throw new IOException("layer file " + file + " has no superblock");
    }
  }

  private Path path(Digest diffId) {
    return folder.resolve(diffId.hex());
  }

  /** The digests of all layers, whole or not. */
  public List<Digest> list() throws IOException {
    var digests = new TreeSet<Digest>();
    try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
      for (Path name : names) {
        String hex = name.getFileName().toString();
        if (hex.matches("[0-9a-f]{64}")) {
          digests.add(Digest.sha256(hex));
        }
      }
    }
    return List.copyOf(digests);
  }

  /**
   * Unpacks a layer; it is on the disk when this returns. One that is here already is returned
   * without reading the stream. Takes two platform threads and about 4 MiB of heap while it runs;
   * how many run at once is the caller's decision.
   *
   * @param compressed the layer as the registry has it; read to its end, not closed
   * @param mediaType of the layer's descriptor, which its content must match
   * @param diffId digest the uncompressed archive must have
   * @throws LayerException when the fault is the layer's
   * @throws IOException when the stream cannot be read or the disk not be written
   */
  public Layer unpack(InputStream compressed, String mediaType, Digest diffId)
      throws LayerException, IOException, InterruptedException {
    Optional<Layer> present = find(diffId);
    if (present.isPresent()) {
      return present.get();
    }
    LayerCompression compression = LayerCompression.ofMediaType(mediaType);
    Path temporary = temporary(TEMPORARY, diffId);
    try {
      var scratch = new Scratch(temporary.resolveSibling(temporary.getFileName() + "-scratch"));
      LayerTarget target = target(temporary);
      new Unpacking(target, scratch, hashKey, limits, diffId.hex().substring(0, 12))
          .run(compressed, compression, diffId);
      return keep(temporary, diffId);
    } catch (LayerException | IOException | InterruptedException | RuntimeException e) {
      try {
        delete(temporary);
      } catch (IOException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
  }

  private Path temporary(String prefix, Digest diffId) {
    return folder.resolve(prefix + diffId.hex() + "-" + names.incrementAndGet());
  }

  private LayerTarget target(Path path) throws IOException {
    return switch (format) {
      case EROFS -> new ErofsTarget(path, true);
      case FOLDER -> new FolderTarget(path);
    };
  }

  private Layer keep(Path temporary, Digest diffId) throws IOException {
    Path broken = temporary(REMOVED, diffId);
    lock.lock();
    try {
      if (find(diffId).isEmpty()) {
        if (Files.exists(path(diffId), LinkOption.NOFOLLOW_LINKS)) {
          Files.move(path(diffId), broken, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(temporary, path(diffId), StandardCopyOption.ATOMIC_MOVE);
      }
    } finally {
      lock.unlock();
    }
    delete(broken);
    delete(temporary); // there when somebody else was as quick
    syncFolder();
    Layer layer = load(diffId);
    known.put(diffId, layer);
    reported.remove(diffId);
    return layer;
  }

  private void syncFolder() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Removes a layer that no root file system needs; one that is not here is removed already.
   *
   * @return false when one needs it
   */
  public boolean remove(Digest diffId) throws IOException {
    Path gone = temporary(REMOVED, diffId);
    lock.lock();
    try {
      if (holds.containsKey(diffId)) {
        return false;
      }
      known.remove(diffId);
      Files.move(path(diffId), gone, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return true;
    } finally {
      lock.unlock();
    }
    delete(gone);
    return true;
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      TreeRemoval.remove(path);
    } else {
      Files.deleteIfExists(path);
    }
  }

  /** What all whole layers occupy. */
  public DiskUsage usage() throws IOException {
    DiskUsage sum = DiskUsage.NONE;
    for (Digest diffId : list()) {
      Optional<Layer> layer = find(diffId);
      if (layer.isPresent()) {
        sum = sum.plus(new DiskUsage(layer.get().diskBytes(), layer.get().diskInodes()));
      }
    }
    return sum;
  }

  /**
   * Keeps layers from being removed, all or none.
   *
   * @return the first that is not here; empty when all are held
   */
  Optional<Digest> hold(Collection<Digest> diffIds) {
    lock.lock();
    try {
      for (Digest diffId : diffIds) {
        if (!has(diffId)) {
          return Optional.of(diffId);
        }
      }
      holdEvenAbsent(diffIds);
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #hold}, of what a root file system was made of before the daemon started. */
  void holdEvenAbsent(Collection<Digest> diffIds) {
    lock.lock();
    try {
      diffIds.forEach(diffId -> holds.merge(diffId, 1, Integer::sum));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives a hold back.
   *
   * @return those of them that nothing holds any more
   */
  List<Digest> release(Collection<Digest> diffIds) {
    lock.lock();
    try {
      var free = new ArrayList<Digest>();
      for (Digest diffId : diffIds) {
        Integer count = holds.get(diffId);
        if (count == null || count == 1) {
          holds.remove(diffId);
          free.add(diffId);
        } else {
          holds.put(diffId, count - 1);
        }
      }
      return free;
    } finally {
      lock.unlock();
    }
  }
}
