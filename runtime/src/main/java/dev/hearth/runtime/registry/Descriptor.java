package dev.hearth.runtime.registry;

import dev.hearth.runtime.model.Digest;
import java.util.List;
import java.util.Optional;

/**
 * Names content by digest (OCI Image Specification 1.1, descriptor.md).
 *
 * @param size in bytes
 * @param urls where else it can be had; not empty means the registry itself need not have it
 * @param platform what an entry of an index runs on
 */
public record Descriptor(
    String mediaType, Digest digest, long size, List<String> urls, Optional<Platform> platform) {
  public Descriptor {
    if (size < 0) {
      throw new IllegalArgumentException("negative size of " + digest + ": " + size);
    }
    urls = List.copyOf(urls);
  }

  public Descriptor(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, List.of(), Optional.empty());
  }
}
