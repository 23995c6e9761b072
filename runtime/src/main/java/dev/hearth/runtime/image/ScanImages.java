package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.store.StoreException;
import java.io.IOException;
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
   * again. Root file systems must have been given back their holds before.
   *
   * @return a sentence for each image set aside
   */
  public List<String> scan() throws InterruptedException {
    try {
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
          String reason =
              "misses " + missing.size() + " of its layers, first " + missing.getFirst();
          content.images().setAside(image.id(), reason);
          reports.add(
              "image " + image.reference() + " was set aside: it " + reason + "; pull it again");
        }
      }
      removeOrphans(kept);
      return reports;
    } catch (StoreException | ContentException | IOException e) {
      throw ImageFailures.of("cannot look through the images", e);
    }
  }

  private void removeOrphans(Set<Digest> kept)
      throws ContentException, IOException, InterruptedException {
    Set<Digest> documents = content.documents();
    for (Digest blob : content.blobs().list()) {
      if (!documents.contains(blob)) {
        content.blobs().delete(blob);
      }
    }
    List<Digest> orphans = new ArrayList<>(content.layers().list());
    orphans.removeAll(kept);
    content.removeUnneeded(orphans);
    content.collect();
  }
}
