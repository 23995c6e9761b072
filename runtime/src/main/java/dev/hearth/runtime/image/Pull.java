package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.image.PullProgress.Event;
import dev.hearth.runtime.image.PullProgress.Phase;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.Repository;
import dev.hearth.runtime.snapshot.LayerException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** One pull, from the reference to the record. Used once, by one thread. */
final class Pull implements Callable<Image> {
  private static final Logger LOGGER = System.getLogger(Pull.class.getName());

  /** How long layers under way may take to end when the pull fails. */
  private static final Duration ENDING = Duration.ofSeconds(90);

  private final Shared shared;
  private final ImageContent content;
  private final ImageReference reference;
  private final Repository repository;
  private final PullProgress progress;

  /**
   * What all pulls share.
   *
   * @param downloads one permit for each layer that may be transferred at once, by registry
   * @param unpackings one permit for each layer that may be unpacked at once, by registry
   * @param pinned which references name images to be kept
   */
  record Shared(
      ImageContent content,
      PullLimits limits,
      Platforms platforms,
      KeyedPermits<String> downloads,
      KeyedPermits<String> unpackings,
      Predicate<ImageReference> pinned) {}

  Pull(Shared shared, ImageReference reference, Repository repository, PullProgress progress) {
    this.shared = shared;
    this.content = shared.content;
    this.reference = reference;
    this.repository = repository;
    this.progress = progress;
  }

  @Override
  public Image call() throws Exception {
    Optional<Image> unchanged = unchanged();
    if (unchanged.isPresent()) {
      return unchanged.get();
    }
    ImageDocuments documents =
        new DocumentFetch(repository, content.blobs(), shared.limits, shared.platforms)
            .fetch(reference);
    List<Digest> diffIds = documents.config().diffIds();
    try (ImageContent.Lease _ = content.lease(diffIds)) {
      long layerBytes = fetchLayers(documents.layers(), diffIds);
      return record(documents, layerBytes);
    } catch (HearthException.LimitReached | LayerException e) {
      // Not to be had however often it is tried: its other layers need not wait for that.
      removeLayers(diffIds, e);
      throw e;
    }
  }

  private void removeLayers(List<Digest> diffIds, Exception failure) throws InterruptedException {
    try {
      content.removeUnneeded(diffIds);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** The image that is here already, if the registry still means it. */
  private Optional<Image> unchanged() throws Exception {
    Optional<Image> here = content.images().named(reference);
    if (here.isEmpty() || reference.digest().isPresent()) {
      return here;
    }
    Optional<Digest> now = repository.resolve(reference.tag().orElseThrow());
    return now.map(digest -> reference.at(digest).toString())
            .filter(here.get().repoDigests()::contains)
            .isPresent()
        ? here
        : Optional.empty();
  }

  /** Fetches the layers that are not here, in parallel. Returns what all occupy, in bytes. */
  private long fetchLayers(List<Descriptor> layers, List<Digest> diffIds) throws Exception {
    Map<Digest, Descriptor> distinct = new HashMap<>();
    List<Digest> order = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      if (distinct.putIfAbsent(diffIds.get(i), layers.get(i)) == null) {
        order.add(diffIds.get(i));
      }
    }
    ExecutorService workers =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("layer-", 0).factory());
    try {
      ExecutorCompletionService<LayerDepot.Stored> pending =
          new ExecutorCompletionService<>(workers);
      for (Digest diffId : order) {
        Descriptor layer = Objects.requireNonNull(distinct.get(diffId));
        pending.submit(() -> fetchLayer(layer, diffId));
      }
      return awaitAll(pending, order.size());
    } finally {
      workers.shutdownNow();
      awaitEnd(workers);
    }
  }

  private long awaitAll(ExecutorCompletionService<LayerDepot.Stored> pending, int count)
      throws Exception {
    long archiveBytes = 0;
    long diskBytes = 0;
    for (int i = 0; i < count; i++) {
      LayerDepot.Stored stored = outcome(pending.take());
      archiveBytes += stored.archiveBytes();
      diskBytes += stored.diskBytes();
      if (archiveBytes > shared.limits.archiveBytes()) {
        throw new HearthException.LimitReached(
            "its layers are larger than "
                + shared.limits.archiveBytes()
                + " bytes together, uncompressed");
      }
    }
    return diskBytes;
  }

  private static LayerDepot.Stored outcome(Future<LayerDepot.Stored> done) throws Exception {
    try {
      return done.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Layers under way hold locks and files: the pull has not ended before they have. */
  private static void awaitEnd(ExecutorService workers) {
    boolean interrupted = Thread.interrupted();
    try {
      if (!workers.awaitTermination(ENDING.toSeconds(), TimeUnit.SECONDS)) {
        LOGGER.log(Level.ERROR, "layers of a failed pull do not end");
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private LayerDepot.Stored fetchLayer(Descriptor layer, Digest diffId) throws Exception {
    progress.on(new Event(layer.digest(), Phase.WAITING, 0, layer.size()));
    try (KeyedLocks.Held _ = content.lockLayer(diffId)) {
      Optional<LayerDepot.Stored> present = content.layers().find(diffId);
      if (present.isPresent()) {
        progress.on(new Event(layer.digest(), Phase.PRESENT, layer.size(), layer.size()));
        return present.get();
      }
      String registry = reference.domain();
      try (KeyedPermits.Held _ = shared.downloads.acquire(registry)) {
        return new LayerFetch(
                content,
                repository,
                () -> shared.unpackings.acquire(registry),
                progress,
                layer,
                diffId)
            .run();
      }
    }
  }

  /** Stores the documents, then the record that names all. */
  private Image record(ImageDocuments documents, long layerBytes) throws Exception {
    Digest id = documents.configDigest();
    try (KeyedLocks.Held _ = content.lockImage(id)) {
      try {
        store("store the configuration", id, documents.configBytes());
        store("store the manifest", documents.manifestDigest(), documents.manifestBytes());
        return content.images().record(image(documents, layerBytes));
      } catch (Exception e) {
        content.removeDocuments(List.of(id, documents.manifestDigest()), e);
        throw e;
      }
    }
  }

  private Image image(ImageDocuments documents, long layerBytes) {
    return new Image(
        documents.configDigest(),
        List.of(documents.manifestDigest()),
        reference.digest().isPresent() ? List.of() : List.of(reference.toString()),
        List.of(reference.at(documents.topDigest()).toString()),
        documents.config(),
        layerBytes + documents.configBytes().length + documents.manifestBytes().length,
        shared.pinned.test(reference),
        0);
  }

  private void store(String step, Digest digest, byte[] bytes) throws ContentException {
    content.failpoints().before("pull: " + step);
    content.blobs().put(digest, bytes);
    content.failpoints().after("pull: " + step);
  }
}
