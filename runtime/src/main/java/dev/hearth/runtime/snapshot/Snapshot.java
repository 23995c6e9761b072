package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A container's part of a root file system on disk.
 *
 * <pre>
 *   layers   digests of the layers it is made of, the lowest first, a line each
 *   volumes  the images it sees beside its own, where there are any
 *   upper/   what the container writes
 *   work/    overlayfs's own
 * </pre>
 *
 * <p>It gets its name when complete, by a rename. Nothing is synced: what a power loss tears
 * belongs to a container that it ended as well.
 */
record Snapshot(
    ContainerId container, Path folder, List<Digest> layers, List<ImageVolume> volumes) {
  private static final String LAYERS = "layers";

  Snapshot {
    layers = List.copyOf(layers);
    volumes = List.copyOf(volumes);
  }

  /** All layers it needs. */
  Set<Digest> held() {
    var held = new HashSet<Digest>(layers);
    volumes.forEach(volume -> held.addAll(volume.layers()));
    return held;
  }

  Path upper() {
    return folder.resolve("upper");
  }

  Path work() {
    return folder.resolve("work");
  }

  /** Makes the folder, which is not there yet. */
  void create() throws IOException {
    Files.createDirectory(folder);
    Files.createDirectory(upper());
    Files.createDirectory(work());
    var text = new StringBuilder();
    layers.forEach(layer -> text.append(layer).append('\n'));
    Files.writeString(folder.resolve(LAYERS), text, StandardCharsets.US_ASCII);
    if (!volumes.isEmpty()) {
      ImageVolume.write(folder, volumes);
    }
  }

  /**
   * Reads a snapshot.
   *
   * @throws IOException also when it is torn
   */
  static Snapshot read(ContainerId container, Path folder) throws IOException {
    String text = Files.readString(folder.resolve(LAYERS), StandardCharsets.US_ASCII);
    if (text.isEmpty() || !text.endsWith("\n")) {
      throw new IOException("snapshot " + folder + " is torn: its list of layers is cut off");
    }
    var layers = new ArrayList<Digest>();
    for (String line : text.lines().toList()) {
      try {
        layers.add(Digest.parse(line));
      } catch (IllegalArgumentException e) {
        throw new IOException("snapshot " + folder + " is torn: " + e.getMessage(), e);
      }
    }
    return new Snapshot(container, folder, layers, ImageVolume.read(folder));
  }
}
