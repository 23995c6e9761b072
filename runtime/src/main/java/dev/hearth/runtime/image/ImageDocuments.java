package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.FetchedManifest;
import java.util.List;

/** The verified documents of an image that this host can run. */
final class ImageDocuments {
  private final Digest topDigest;
  private final FetchedManifest manifest;
  private final Digest configDigest;
  private final List<Descriptor> layers;
  private final byte[] configBytes;
  private final ImageConfig config;

  ImageDocuments(
      Digest topDigest,
      FetchedManifest manifest,
      Digest configDigest,
      List<Descriptor> layers,
      byte[] configBytes,
      ImageConfig config) {
    this.topDigest = topDigest;
    this.manifest = manifest;
    this.configDigest = configDigest;
    this.layers = List.copyOf(layers);
    this.configBytes = configBytes;
    this.config = config;
  }

  /** Digest of what the reference names: of the index, if it names one. */
  Digest topDigest() {
    return topDigest;
  }

  Digest manifestDigest() {
    return manifest.descriptor().digest();
  }

  byte[] manifestBytes() {
    return manifest.bytes();
  }

  Digest configDigest() {
    return configDigest;
  }

  byte[] configBytes() {
    return configBytes;
  }

  ImageConfig config() {
    return config;
  }

  /** Compressed layers, lowest first, one for each diffID of the configuration. */
  List<Descriptor> layers() {
    return layers;
  }
}
