package dev.hearth.runtime.registry;

import java.util.List;

/** What a manifest's bytes say. */
public sealed interface Manifest {
  /** Largest manifest accepted, in bytes, as the peers do. */
  int MAX_BYTES = 4 << 20;

  /** One image. */
  record ImageManifest(Descriptor config, List<Descriptor> layers) implements Manifest {
    public ImageManifest {
      layers = List.copyOf(layers);
    }
  }

  /** Several images to choose from, by platform. */
  record ImageIndex(List<Descriptor> manifests) implements Manifest {
    public ImageIndex {
      manifests = List.copyOf(manifests);
    }
  }

  /**
   * Reads a manifest.
   *
   * @param mediaType as the registry or the parent descriptor gave it
   * @throws RegistryException.ProtocolViolation if it is malformed or contradicts the media type;
   *     the message does not name the object
   */
  static Manifest parse(String mediaType, byte[] bytes) throws RegistryException.ProtocolViolation {
    return ManifestJson.parse(mediaType, bytes);
  }
}
