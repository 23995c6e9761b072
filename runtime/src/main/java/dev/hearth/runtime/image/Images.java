package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The images that are here, by id and by reference. Readers see a consistent state and never wait;
 * writers wait for one another, and for the disk.
 */
public final class Images {
  /** Version of the records' form. */
  public static final int RECORD_VERSION = 1;

  /** Name of the records' kind. */
  public static final String RECORD_KIND = "image";

  private static final Pattern ID_PREFIX = Pattern.compile("[0-9a-f]{3,64}");
  private static final String ALGORITHM = "sha256:";

  private final RecordStore<Image> records;
  private final Failpoints failpoints;

  /** Held by writers, also while they write a record. */
  private final ReentrantLock writing = new ReentrantLock();

  // Replaced whole by writers.
  private volatile Catalogue catalogue;

  // Guarded by writing.
  private long generation;

  /** A state of affairs. */
  private record Catalogue(Map<Digest, Image> byId, Map<String, Digest> byReference) {
    static Catalogue of(Map<Digest, Image> images) {
      Map<String, Digest> byReference = new HashMap<>();
      for (Image image : images.values()) {
        image.repoTags().forEach(tag -> byReference.put(tag, image.id()));
        image.repoDigests().forEach(digest -> byReference.put(digest, image.id()));
      }
      return new Catalogue(images, byReference);
    }
  }

  private Images(
      RecordStore<Image> records,
      Failpoints failpoints,
      Map<Digest, Image> images,
      long generation) {
    this.records = records;
    this.failpoints = failpoints;
    this.catalogue = Catalogue.of(images);
    this.generation = generation;
  }

  /**
   * Reads the records.
   *
   * @param reports takes a sentence for each record that is no good and was set aside
   */
  public static Images load(
      RecordStore<Image> records, Failpoints failpoints, Collection<String> reports)
      throws StoreException {
    RecordStore.Loaded<Image> loaded = records.load();
    for (RecordStore.SetAside bad : loaded.setAside()) {
      reports.add(
          "image record "
              + bad.name()
              + " was set aside as "
              + bad.movedTo()
              + ": "
              + bad.reason());
    }
    Map<Digest, Image> images = new TreeMap<>();
    long generation = 0;
    for (Map.Entry<String, Image> entry : loaded.records().entrySet()) {
      Image image = entry.getValue();
      if (!image.id().hex().equals(entry.getKey())) {
        records.setAside(entry.getKey(), "names another image");
        reports.add("image record " + entry.getKey() + " was set aside: it names another image");
        continue;
      }
      images.put(image.id(), image);
      generation = Math.max(generation, image.generation());
    }
    for (Image corrected : settleTags(images)) {
      try {
        records.write(corrected.id().hex(), corrected);
      } catch (StoreException e) {
        // The next start comes to the same result.
        reports.add(
            "the tags of image " + corrected.id() + " stay as they were: " + e.getMessage());
      }
    }
    return new Images(records, failpoints, images, generation);
  }

  /**
   * A crash may have come between the record that gained a tag and the one that lost it. The
   * younger is right.
   *
   * @return the others, corrected
   */
  private static List<Image> settleTags(Map<Digest, Image> images) {
    Map<String, Image> owners = new HashMap<>();
    List<Image> byAge =
        images.values().stream().sorted(Comparator.comparingLong(Image::generation)).toList();
    for (Image image : byAge) {
      image.repoTags().forEach(tag -> owners.put(tag, image));
    }
    List<Image> corrected = new ArrayList<>();
    for (Image image : byAge) {
      List<String> own =
          image.repoTags().stream().filter(tag -> image.equals(owners.get(tag))).toList();
      if (own.size() < image.repoTags().size()) {
        corrected.add(image.withTags(own, image.generation()));
      }
    }
    corrected.forEach(image -> images.put(image.id(), image));
    return corrected;
  }

  /** All images, by id. */
  public List<Image> list() {
    return List.copyOf(catalogue.byId.values());
  }

  /** The image with this id. */
  public Optional<Image> find(Digest id) {
    return Optional.ofNullable(catalogue.byId.get(id));
  }

  /**
   * The image that a text names: an id, a reference (completed as Docker does), or the beginning of
   * an id, three digits at least.
   *
   * @throws HearthException.InvalidRequest if it is none of these, or begins several ids
   */
  public Optional<Image> resolve(String text) {
    Catalogue now = catalogue;
    String digits = text.startsWith(ALGORITHM) ? text.substring(ALGORITHM.length()) : text;
    boolean idLike = ID_PREFIX.matcher(digits).matches();
    if (idLike && digits.length() == 64) {
      return Optional.ofNullable(now.byId.get(Digest.sha256(digits)));
    }
    Digest id = now.byReference.get(ImageReference.parse(text).canonical().toString());
    if (id != null) {
      return Optional.ofNullable(now.byId.get(id));
    }
    return idLike ? byPrefix(now, digits) : Optional.empty();
  }

  private static Optional<Image> byPrefix(Catalogue now, String digits) {
    List<Image> matching =
        now.byId.values().stream().filter(i -> i.id().hex().startsWith(digits)).toList();
    if (matching.size() > 1) {
      throw new HearthException.InvalidRequest(
          "image id " + digits + " is ambiguous: " + matching.size() + " begin with it");
    }
    return matching.stream().findFirst();
  }

  /** The image a reference names, by its tag or digest. */
  Optional<Image> named(ImageReference reference) {
    Catalogue now = catalogue;
    Digest id = now.byReference.get(reference.canonical().toString());
    return id == null ? Optional.empty() : Optional.ofNullable(now.byId.get(id));
  }

  /**
   * Records an image. Tags it has are taken from the images that had them, which stay. If its
   * record is here already the two are joined.
   */
  Image record(Image image) throws StoreException {
    writing.lock();
    try {
      Map<Digest, Image> images = new TreeMap<>(catalogue.byId);
      Image old = images.get(image.id());
      Image joined = (old == null ? image : old).joined(image, generation + 1);
      if (old != null && joined.withTags(joined.repoTags(), old.generation()).equals(old)) {
        return old;
      }
      step("write the record", () -> write(joined));
      images.put(image.id(), joined);
      List<Image> losers = losers(images, joined);
      losers.forEach(loser -> images.put(loser.id(), loser));
      catalogue = Catalogue.of(images);
      // In this order: after a crash in between, the younger record is right.
      for (Image loser : losers) {
        step("take the tag from its former image", () -> write(loser));
      }
      return joined;
    } finally {
      writing.unlock();
    }
  }

  /** Records which images are to be kept, by any of their names; for start-up. */
  public void pin(Predicate<ImageReference> pinned) throws StoreException {
    writing.lock();
    try {
      Map<Digest, Image> images = new TreeMap<>(catalogue.byId);
      for (Image image : List.copyOf(images.values())) {
        boolean pins =
            Stream.concat(image.repoTags().stream(), image.repoDigests().stream())
                .map(ImageReference::parse)
                .anyMatch(pinned);
        if (pins != image.pinned()) {
          // It claims no tag anew, so it must not seem younger.
          Image changed = image.pinned(pins, image.generation());
          records.write(changed.id().hex(), changed);
          images.put(changed.id(), changed);
        }
      }
      catalogue = Catalogue.of(images);
    } finally {
      writing.unlock();
    }
  }

  private List<Image> losers(Map<Digest, Image> images, Image winner) {
    List<Image> losers = new ArrayList<>();
    for (Image other : images.values()) {
      if (!other.id().equals(winner.id())
          && other.repoTags().stream().anyMatch(winner.repoTags()::contains)) {
        List<String> left =
            other.repoTags().stream().filter(tag -> !winner.repoTags().contains(tag)).toList();
        losers.add(other.withTags(left, generation));
      }
    }
    return losers;
  }

  private void write(Image image) throws StoreException {
    generation++;
    records.write(image.id().hex(), image);
  }

  /** Forgets an image. Its content is not touched. */
  void forget(Digest id) throws StoreException {
    writing.lock();
    try {
      step("delete the record", () -> records.delete(id.hex()));
      Map<Digest, Image> images = new TreeMap<>(catalogue.byId);
      images.remove(id);
      catalogue = Catalogue.of(images);
    } finally {
      writing.unlock();
    }
  }

  /** Takes the record of an image out of the way that cannot be used. */
  void setAside(Digest id, String reason) throws StoreException {
    writing.lock();
    try {
      // Even if its record stays: the next start finds it as useless.
      Map<Digest, Image> images = new TreeMap<>(catalogue.byId);
      images.remove(id);
      catalogue = Catalogue.of(images);
      records.setAside(id.hex(), reason);
    } finally {
      writing.unlock();
    }
  }

  @FunctionalInterface
  private interface Write {
    void run() throws StoreException;
  }

  private void step(String name, Write write) throws StoreException {
    failpoints.before("image: " + name);
    write.run();
    failpoints.after("image: " + name);
  }
}
