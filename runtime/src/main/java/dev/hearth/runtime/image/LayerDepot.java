package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.snapshot.Layer;
import dev.hearth.runtime.snapshot.LayerException;
import dev.hearth.runtime.snapshot.Layers;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** What this package needs of the layers of a disk. */
public interface LayerDepot {
  /**
   * A layer that is here, whole and on the disk.
   *
   * @param archiveBytes length of its uncompressed archive
   * @param diskBytes what it occupies
   */
  record Stored(long archiveBytes, long diskBytes) {}

  /** What all layers occupy. */
  record Usage(long bytes, long inodes) {}

  Optional<Stored> find(Digest diffId);

  /**
   * Unpacks a layer as it arrives; it is on the disk when this returns.
   *
   * @throws LayerException if the fault is the layer's
   * @throws IOException if the stream fails or the disk does
   */
  Stored unpack(InputStream compressed, String mediaType, Digest diffId)
      throws LayerException, IOException, InterruptedException;

  /** Removes a layer. Returns false, and does not, while a container needs it. */
  boolean remove(Digest diffId) throws IOException;

  List<Digest> list() throws IOException;

  Usage usage() throws IOException;

  /** The layers that root file systems are made of. */
  static LayerDepot of(Layers layers) {
    return new LayerDepot() {
      @Override
      public Optional<Stored> find(Digest diffId) {
        return layers.find(diffId).map(layer -> stored(layer));
      }

      @Override
      public Stored unpack(InputStream compressed, String mediaType, Digest diffId)
          throws LayerException, IOException, InterruptedException {
        return stored(layers.unpack(compressed, mediaType, diffId));
      }

      private static Stored stored(Layer layer) {
        return new Stored(layer.archiveBytes(), layer.diskBytes());
      }

      @Override
      public boolean remove(Digest diffId) throws IOException {
        return layers.remove(diffId);
      }

      @Override
      public List<Digest> list() throws IOException {
        return layers.list();
      }

      @Override
      public Usage usage() throws IOException {
        var usage = layers.usage();
        return new Usage(usage.bytes(), usage.inodes());
      }
    };
  }
}
