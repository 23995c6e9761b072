package dev.hearth.runtime.registry;

/**
 * What an image runs on, in Go's terms (OCI Image Specification 1.1, image-index.md).
 *
 * @param architecture such as {@code amd64}, {@code arm64}, {@code arm}
 * @param variant such as {@code v8}; may be empty
 */
public record Platform(String os, String architecture, String variant) {
  @Override
  public String toString() {
    return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
  }
}
