package dev.hearth.runtime.registry;

/** A manifest as it came, its digest verified. */
public final class FetchedManifest {
  private final Descriptor descriptor;
  private final byte[] bytes;
  private final Manifest manifest;

  FetchedManifest(Descriptor descriptor, byte[] bytes, Manifest manifest) {
    this.descriptor = descriptor;
    this.bytes = bytes;
    this.manifest = manifest;
  }

  /** Its media type, and digest and size of its bytes. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /** The bytes that the digest is of. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** What the bytes say. */
  public Manifest manifest() {
    return manifest;
  }
}
