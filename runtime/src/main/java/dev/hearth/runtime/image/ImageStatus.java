package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.model.HearthException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Tells what is known of one image. */
public final class ImageStatus {
  private static final int MAX_CONFIG = PullLimits.DEFAULT.configBytes();

  private final ImageContent content;

  /**
   * An image.
   *
   * @param configJson its configuration as it came; only on request, empty otherwise
   */
  public record Status(Image image, String configJson) {}

  public ImageStatus(ImageContent content) {
    this.content = content;
  }

  /**
   * The image that a reference or id names; empty if it is not here.
   *
   * @param verbose whether to read its configuration too
   * @throws HearthException.InvalidRequest if the text is neither reference nor id
   */
  public Optional<Status> status(String image, boolean verbose) {
    return content
        .images()
        .resolve(image)
        .map(found -> new Status(found, verbose ? configuration(found) : ""));
  }

  private String configuration(Image image) {
    try {
      return new String(content.blobs().read(image.id(), MAX_CONFIG), StandardCharsets.UTF_8);
    } catch (ContentException e) {
      throw ImageFailures.of("cannot read the configuration of image " + image.id(), e);
    }
  }
}
