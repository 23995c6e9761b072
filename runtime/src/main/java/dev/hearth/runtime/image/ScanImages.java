package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Compares, once at start-up and before the first pull, what the records say with what is on the
 * disk.
 */
public final class ScanImages {
  private final ImageContent content;

  public ScanImages(ImageContent content) {
    this.content = content;
  }

  /**
   * Sets images aside that miss a layer, and removes layers and documents that no image needs. The
   * layers that are left of an image set aside stay until the next start, for it to be pulled
   * again. Root file systems must have been given back their holds before. What cannot be removed
   * is left for the next start; it is no reason not to serve.
   *
   * @return a sentence for each image set aside, and for each failure
   */
  public List<String> scan() throws InterruptedException {
    Set<Digest> kept = new HashSet<>();
    List<String> reports = new ArrayList<>();
    for (Image image : content.images().list()) {
      kept.addAll(image.config().diffIds());
      List<Digest> missing =
          image.config().diffIds().stream()
              .filter(diffId -> content.layers().find(diffId).isEmpty())
              .distinct()
              .toList();
      if (!missing.isEmpty()) {
        String reason = "misses " + missing.size() + " of its layers, first " + missing.getFirst();
        attempt(reports, () -> content.images().setAside(image.id(), reason));
        reports.add(
            "image " + image.reference() + " was set aside: it " + reason + "; pull it again");
      }
    }
    attempt(reports, () -> removeOrphanedBlobs(reports));
    attempt(reports, () -> removeOrphanedLayers(kept));
    attempt(reports, content::collect);
    return reports;
  }

  @FunctionalInterface
  private interface Work {
    void run() throws StoreException, ContentException, IOException, InterruptedException;
  }

  private static void attempt(List<String> reports, Work work) throws InterruptedException {
    try {
      work.run();
    } catch (StoreException | ContentException | IOException | UncheckedIOException e) {
      report(reports, e);
      for (Throwable another : e.getSuppressed()) {
        report(reports, another);
      }
    }
  }

  /** Once: what cannot be removed may be tried more than once. */
  private static void report(List<String> reports, Throwable failure) {
    String report = "left for the next start: " + message(failure);
    if (!reports.contains(report)) {
      reports.add(report);
    }
  }

  /** Those of the file system often name a file and nothing else. */
  private static String message(Throwable e) {
    return e instanceof FileSystemException ? e.toString() : String.valueOf(e.getMessage());
  }

  private void removeOrphanedBlobs(List<String> reports)
      throws ContentException, InterruptedException {
    Set<Digest> documents = content.documents();
    for (Digest blob : content.blobs().list()) {
      if (!documents.contains(blob)) {
        attempt(reports, () -> content.blobs().delete(blob));
      }
    }
  }

  private void removeOrphanedLayers(Set<Digest> kept) throws IOException, InterruptedException {
    List<Digest> orphans = new ArrayList<>(content.layers().list());
    orphans.removeAll(kept);
    content.removeUnneeded(orphans);
  }
}
