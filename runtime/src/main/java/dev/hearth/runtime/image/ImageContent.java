package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.content.ContentStore;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.store.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What images are made of on this disk, and who needs it. A layer is needed by the images whose
 * records name it, by the pulls that lease it, and by the root file systems that hold it; a layer
 * that nobody needs is removed under its lock, so that a pull finds it whole or not at all.
 *
 * <p>Locks: an image's lock before a layer's; {@code this} last, and only for moments.
 */
public final class ImageContent {
  /** Layers of broken pulls are kept so long, for a repetition to go on with. */
  private static final Duration STRAY = Duration.ofHours(1);

  /** So long, and so many bytes of them, the unfinished blobs of broken pulls. */
  private static final Duration UNFINISHED = Duration.ofHours(6);

  private static final long MAX_UNFINISHED_BYTES = 32L << 30;

  private final Images images;
  private final ContentStore blobs;
  private final LayerDepot layers;
  private final DiskSpace space;
  private final InstantSource clock;
  private final Failpoints failpoints;
  private final KeyedLocks<Digest> imageLocks = new KeyedLocks<>();
  private final KeyedLocks<Digest> layerLocks = new KeyedLocks<>();

  // Guarded by this: how many pulls lease a layer.
  private final Map<Digest, Integer> leases = new HashMap<>();

  // Guarded by this: layers to be removed unless needed, of broken pulls since when; EPOCH for
  // those of removed images, which wait for nothing but a container to go.
  private final Map<Digest, Instant> strays = new HashMap<>();

  // Guarded by this: documents of removed images, by the image's id.
  private final Map<Digest, Set<Digest>> strayDocuments = new HashMap<>();

  public ImageContent(
      Images images,
      ContentStore blobs,
      LayerDepot layers,
      InstantSource clock,
      Failpoints failpoints) {
    this(images, blobs, layers, DiskSpace.of(blobs.root()), clock, failpoints);
  }

  ImageContent(
      Images images,
      ContentStore blobs,
      LayerDepot layers,
      DiskSpace space,
      InstantSource clock,
      Failpoints failpoints) {
    this.images = images;
    this.blobs = blobs;
    this.layers = layers;
    this.space = space;
    this.clock = clock;
    this.failpoints = failpoints;
  }

  Images images() {
    return images;
  }

  ContentStore blobs() {
    return blobs;
  }

  LayerDepot layers() {
    return layers;
  }

  DiskSpace space() {
    return space;
  }

  Failpoints failpoints() {
    return failpoints;
  }

  KeyedLocks.Held lockImage(Digest id) throws InterruptedException {
    return imageLocks.lock(id);
  }

  KeyedLocks.Held lockLayer(Digest diffId) throws InterruptedException {
    return layerLocks.lock(diffId);
  }

  /** A claim to layers that no record names yet. */
  interface Lease extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Keeps layers, here or not yet, from being removed. Those that no image needs when the lease
   * ends are kept for a while, for the pull to be repeated.
   */
  Lease lease(Collection<Digest> diffIds) {
    Set<Digest> distinct = Set.copyOf(diffIds);
    synchronized (this) {
      distinct.forEach(diffId -> leases.merge(diffId, 1, Integer::sum));
    }
    return () -> endLease(distinct);
  }

  private void endLease(Set<Digest> diffIds) {
    Set<Digest> named = named();
    Instant now = clock.instant();
    synchronized (this) {
      for (Digest diffId : diffIds) {
        leases.computeIfPresent(diffId, (d, count) -> count == 1 ? null : count - 1);
        if (!named.contains(diffId) && !leases.containsKey(diffId)) {
          strays.put(diffId, now);
        }
      }
    }
  }

  private Set<Digest> named() {
    Set<Digest> named = new HashSet<>();
    images.list().forEach(image -> named.addAll(image.config().diffIds()));
    return named;
  }

  private synchronized boolean isLeased(Digest diffId) {
    return leases.containsKey(diffId);
  }

  private boolean isNeeded(Digest diffId) {
    return isLeased(diffId)
        || images.list().stream().anyMatch(i -> i.config().diffIds().contains(diffId));
  }

  /**
   * Removes an image: its record first, then what of it nothing else needs. What fails then is
   * tried again by the next {@link #collect}.
   */
  void remove(Image image)
      throws StoreException, ContentException, IOException, InterruptedException {
    try (KeyedLocks.Held _ = lockImage(image.id())) {
      images.forget(image.id());
      // Not before: whoever collects meanwhile would find them needed, and put them out of mind.
      synchronized (this) {
        strayDocuments
            .computeIfAbsent(image.id(), id -> new LinkedHashSet<>(List.of(id)))
            .addAll(image.manifests());
        image.config().diffIds().forEach(diffId -> strays.put(diffId, Instant.EPOCH));
      }
    }
    collect();
  }

  /** The blobs that records need: manifests and configurations. */
  Set<Digest> documents() {
    Set<Digest> documents = new HashSet<>();
    for (Image image : images.list()) {
      documents.add(image.id());
      documents.addAll(image.manifests());
    }
    return documents;
  }

  /** Deletes those of the documents that no record needs, after a failure to write one. */
  void removeDocuments(Collection<Digest> digests, Exception failure) {
    Set<Digest> needed = documents();
    for (Digest digest : digests) {
      if (!needed.contains(digest)) {
        try {
          blobs.delete(digest);
        } catch (ContentException e) {
          failure.addSuppressed(e);
        }
      }
    }
  }

  /** Removes those of the layers that nothing needs. What a container holds goes with it later. */
  void removeUnneeded(Collection<Digest> diffIds) throws IOException, InterruptedException {
    List<IOException> failures = new ArrayList<>();
    for (Digest diffId : Set.copyOf(diffIds)) {
      // Looked at before its lock is waited for: a pull that leases it may hold that for minutes.
      if (isNeeded(diffId)) {
        forgetStray(diffId);
        continue;
      }
      try (KeyedLocks.Held _ = lockLayer(diffId)) {
        if (isNeeded(diffId)) {
          forgetStray(diffId);
          continue;
        }
        removeUnlessHeld(diffId);
      } catch (IOException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      IOException first = failures.removeFirst();
      failures.forEach(first::addSuppressed);
      throw first;
    }
  }

  /** A layer that a container holds stays in mind, and is removed when that has gone. */
  private void removeUnlessHeld(Digest diffId) throws IOException {
    synchronized (this) {
      strays.put(diffId, Instant.EPOCH);
    }
    failpoints.before("image: remove a layer");
    boolean removed = layers.remove(diffId);
    failpoints.after("image: remove a layer");
    if (removed) {
      forgetStray(diffId);
    }
  }

  private synchronized void forgetStray(Digest diffId) {
    strays.remove(diffId);
  }

  /** Removes stray documents, stray layers whose time has come, and unfinished blobs. */
  void collect() throws ContentException, IOException, InterruptedException {
    Instant now = clock.instant();
    List<Digest> due = new ArrayList<>();
    List<Digest> removed;
    synchronized (this) {
      removed = List.copyOf(strayDocuments.keySet());
      strays.forEach((diffId, since) -> {
        if (!now.isBefore(since.plus(STRAY))) {
          due.add(diffId);
        }
      });
    }
    for (Digest image : removed) {
      collectDocuments(image);
    }
    removeUnneeded(due);
    blobs.collectIngests(now, UNFINISHED, MAX_UNFINISHED_BYTES);
  }

  /** The image's lock is held meanwhile: a pull of it stores its documents under that. */
  private void collectDocuments(Digest image) throws ContentException, InterruptedException {
    try (KeyedLocks.Held _ = lockImage(image)) {
      Set<Digest> strayed;
      synchronized (this) {
        strayed = new LinkedHashSet<>(strayDocuments.getOrDefault(image, Set.of()));
      }
      strayed.removeAll(documents());
      for (Digest document : strayed) {
        step("delete a document", () -> blobs.delete(document));
      }
      synchronized (this) {
        strayDocuments.remove(image);
      }
    }
  }

  @FunctionalInterface
  private interface Deletion {
    void run() throws ContentException;
  }

  private void step(String name, Deletion deletion) throws ContentException {
    failpoints.before("image: " + name);
    deletion.run();
    failpoints.after("image: " + name);
  }
}
