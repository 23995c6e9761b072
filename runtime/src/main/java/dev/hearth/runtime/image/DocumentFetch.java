package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.content.ContentStore;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.FetchedManifest;
import dev.hearth.runtime.registry.Manifest;
import dev.hearth.runtime.registry.MediaTypes;
import dev.hearth.runtime.registry.RegistryException;
import dev.hearth.runtime.registry.Repository;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Fetches the documents of an image: the manifest that is right for this host, through an index if
 * there is one, and its configuration; and refuses what cannot run here before a layer is fetched.
 */
final class DocumentFetch {
  private static final Logger LOGGER = System.getLogger(DocumentFetch.class.getName());

  /** An index may name another; deeper nesting has no use. */
  private static final int MAX_DEPTH = 3;

  /** Entries of an index whose platform only their configuration tells are not all tried. */
  private static final int MAX_CANDIDATES = 8;

  private final Repository repository;
  private final ContentStore blobs;
  private final PullLimits limits;
  private final Platforms platforms;

  DocumentFetch(Repository repository, ContentStore blobs, PullLimits limits, Platforms platforms) {
    this.repository = repository;
    this.blobs = blobs;
    this.limits = limits;
    this.platforms = platforms;
  }

  ImageDocuments fetch(ImageReference reference) throws RegistryException, InterruptedException {
    FetchedManifest top =
        reference.digest().isPresent()
            ? repository.manifest(reference.digest().get())
            : repository.manifest(reference.tag().orElseThrow());
    return choose(top, top.descriptor().digest(), false, 1)
        .orElseThrow(
            () -> new HearthException.NotFound("it has no image for this host, " + platforms));
  }

  /**
   * @param told whether an index said that this is for our platform
   */
  private Optional<ImageDocuments> choose(
      FetchedManifest fetched, Digest top, boolean told, int depth)
      throws RegistryException, InterruptedException {
    return switch (fetched.manifest()) {
      case Manifest.ImageManifest manifest -> image(fetched, manifest, top, told);
      case Manifest.ImageIndex index -> fromIndex(index, top, depth);
    };
  }

  private Optional<ImageDocuments> fromIndex(Manifest.ImageIndex index, Digest top, int depth)
      throws RegistryException, InterruptedException {
    if (depth > MAX_DEPTH) {
      throw new HearthException.HostFailure("its indexes are nested too deeply", null);
    }
    for (Descriptor entry :
        platforms.choose(index.manifests()).stream().limit(MAX_CANDIDATES).toList()) {
      FetchedManifest fetched = repository.manifest(entry.digest());
      if (fetched.descriptor().size() != entry.size()) {
        throw new HearthException.HostFailure(
            "manifest " + entry.digest() + " has another size than its index says", null);
      }
      Optional<ImageDocuments> chosen =
          choose(fetched, top, entry.platform().isPresent(), depth + 1);
      if (chosen.isPresent()) {
        return chosen;
      }
    }
    return Optional.empty();
  }

  private Optional<ImageDocuments> image(
      FetchedManifest fetched, Manifest.ImageManifest manifest, Digest top, boolean told)
      throws RegistryException, InterruptedException {
    checkTypes(manifest);
    byte[] bytes = configBytes(manifest.config());
    ConfigJson json = ConfigJson.parse(bytes);
    if (!told && !platforms.runs(json.platform())) {
      LOGGER.log(Level.DEBUG, "{0} is for {1}", fetched.descriptor().digest(), json.platform());
      return Optional.empty();
    }
    ImageConfig config = json.config();
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new HearthException.HostFailure(
          "its manifest has "
              + manifest.layers().size()
              + " layers but its configuration "
              + config.diffIds().size(),
          null);
    }
    return Optional.of(
        new ImageDocuments(
            top, fetched, manifest.config().digest(), manifest.layers(), bytes, config));
  }

  private void checkTypes(Manifest.ImageManifest manifest) {
    String configType = manifest.config().mediaType();
    if (!MediaTypes.isConfig(configType)) {
      throw new HearthException.Unsupported(
          "it is no container image: its configuration has the type " + shown(configType));
    }
    if (manifest.layers().size() > limits.layers()) {
      throw new HearthException.LimitReached(
          "it has " + manifest.layers().size() + " layers; " + limits.layers() + " are allowed");
    }
    manifest.layers().forEach(this::checkLayer);
  }

  private void checkLayer(Descriptor layer) {
    String what = "its layer " + layer.digest();
    if (layer.mediaType().endsWith("+encrypted")) {
      throw new HearthException.Unsupported(what + " is encrypted, which is not supported");
    }
    if (!MediaTypes.isLayer(layer.mediaType())) {
      throw new HearthException.Unsupported(
          what + " has the unsupported type " + shown(layer.mediaType()));
    }
    if (!layer.urls().isEmpty()) {
      throw new HearthException.Unsupported(
          what + " is foreign: it must be had from elsewhere, which is not supported");
    }
    if (layer.size() > limits.compressedBytes()) {
      throw new HearthException.LimitReached(
          what + " has " + layer.size() + " bytes; " + limits.compressedBytes() + " are allowed");
    }
  }

  private static String shown(String mediaType) {
    String printable = mediaType.replaceAll("[^ -~]", "?");
    return printable.length() > 100 ? printable.substring(0, 100) + "…" : printable;
  }

  /** From here if it is here, else from the registry. */
  private byte[] configBytes(Descriptor config) throws RegistryException, InterruptedException {
    if (blobs.has(config.digest())) {
      try {
        return blobs.read(config.digest(), limits.configBytes());
      } catch (ContentException e) {
        LOGGER.log(Level.WARNING, "{0}", e.getMessage());
      }
    }
    return repository.blob(config, limits.configBytes());
  }
}
