package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.store.StoreException;
import java.io.IOException;
import java.util.Optional;

/**
 * Removes images: with all tags and digests that name it, and all of its content that nothing else
 * needs. Layers of a container's root file system go when {@link CollectGarbage} is told that the
 * container has gone.
 */
public final class RemoveImage {
  private final ImageContent content;

  public RemoveImage(ImageContent content) {
    this.content = content;
  }

  /**
   * Removes the image that a reference or id names. One that is not here is removed already.
   *
   * @throws HearthException.HostFailure if the disk fails; the image is gone, and what is left of
   *     it is removed later
   */
  public void remove(String image) throws InterruptedException {
    Optional<Image> found = content.images().resolve(image);
    if (found.isEmpty()) {
      return;
    }
    try {
      content.remove(found.get());
    } catch (StoreException | ContentException | IOException e) {
      throw ImageFailures.of("cannot remove image " + found.get().id(), e);
    }
  }
}
