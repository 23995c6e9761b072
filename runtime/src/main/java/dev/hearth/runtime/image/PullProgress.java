package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;

/** Hears how a pull gets on. Called by several threads; must return at once. */
@FunctionalInterface
public interface PullProgress {
  /** Nobody listens. */
  PullProgress NONE = event -> {};

  /** Where a layer is. */
  enum Phase {
    /** For its turn, or for another pull that fetches it already. */
    WAITING,
    /** Bytes arrive, and are unpacked as they do. */
    DOWNLOADING,
    /** All bytes are here and match their digest. */
    UNPACKING,
    /** Unpacked and on the disk. */
    DONE,
    /** Was here before. */
    PRESENT
  }

  /**
   * News of one layer.
   *
   * @param layer digest of the compressed layer, as the manifest has it
   * @param received bytes here, of {@code total}
   */
  record Event(Digest layer, Phase phase, long received, long total) {}

  void on(Event event);
}
