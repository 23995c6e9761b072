package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import java.io.IOException;

/**
 * Removes the layers of removed images that containers kept, once those are gone, and what broken
 * pulls left long ago. Cheap when there is nothing to do; meant to be called whenever a container
 * was removed.
 */
public final class CollectGarbage {
  private final ImageContent content;

  public CollectGarbage(ImageContent content) {
    this.content = content;
  }

  /** Removes what can go now. */
  public void collect() throws InterruptedException {
    try {
      content.collect();
    } catch (ContentException | IOException e) {
      throw ImageFailures.of("cannot collect unneeded layers", e);
    }
  }
}
