package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.content.ContentStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;

/** Tells what images occupy. */
public final class ImageFsInfo {
  private final ImageContent content;
  private final Path root;
  private final InstantSource clock;

  /**
   * Where images are and what they take there.
   *
   * @param directory an existing one on their file system
   */
  public record Usage(Path directory, long bytes, long inodes, Instant at) {}

  /**
   * @param root the directory under which images and containers have their files
   */
  public ImageFsInfo(ImageContent content, Path root, InstantSource clock) {
    this.content = content;
    this.root = root;
    this.clock = clock;
  }

  /** Layers, documents and unfinished blobs together, as of now. */
  public Usage usage() {
    try {
      ContentStore.Usage blobs = content.blobs().usage();
      LayerDepot.Usage layers = content.layers().usage();
      return new Usage(
          root, blobs.bytes() + layers.bytes(), blobs.files() + layers.inodes(), clock.instant());
    } catch (ContentException | IOException e) {
      throw ImageFailures.of("cannot measure the images in " + content.blobs().root(), e);
    }
  }
}
