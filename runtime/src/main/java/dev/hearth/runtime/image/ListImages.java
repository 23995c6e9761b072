package dev.hearth.runtime.image;

import java.util.List;

/** Lists the images that are here. */
public final class ListImages {
  private final Images images;

  public ListImages(Images images) {
    this.images = images;
  }

  /**
   * The images, by id.
   *
   * @param filter a reference or id to list only what it names; empty for all
   */
  public List<Image> list(String filter) {
    return filter.isEmpty() ? images.list() : images.resolve(filter).stream().toList();
  }
}
