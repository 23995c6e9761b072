package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * An image that a container sees, read-only, beside its own.
 *
 * @param at the path it was asked for at
 * @param image the id it had when the container was made
 * @param layers digests of the layers it is made of, the lowest first
 */
public record ImageVolume(String at, Digest image, List<Digest> layers) {
  private static final String FILE = "volumes";

  public ImageVolume {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("an image of no layers has no files");
    }
  }

  /** A line for each: path, image and layers. */
  static void write(Path snapshot, List<ImageVolume> volumes) throws IOException {
    var text = new StringBuilder();
    for (ImageVolume volume : volumes) {
      byte[] path = volume.at.getBytes(StandardCharsets.UTF_8);
      text.append(Base64.getEncoder().encodeToString(path)).append(' ').append(volume.image);
      volume.layers.forEach(layer -> text.append(' ').append(layer));
      text.append('\n');
    }
    Files.writeString(snapshot.resolve(FILE), text, StandardCharsets.US_ASCII);
  }

  /** What {@link #write} wrote; none if it never did. */
  static List<ImageVolume> read(Path snapshot) throws IOException {
    Path file = snapshot.resolve(FILE);
    if (!Files.exists(file)) {
      return List.of();
    }
    var volumes = new ArrayList<ImageVolume>();
    for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
      List<String> words = Arrays.asList(line.split(" ", -1));
      try {
        String path = new String(Base64.getDecoder().decode(words.get(0)), StandardCharsets.UTF_8);
        volumes.add(
            new ImageVolume(
                path,
                Digest.parse(words.get(1)),
                words.subList(2, words.size()).stream().map(Digest::parse).toList()));
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new IOException("snapshot " + snapshot + " is torn: " + e.getMessage(), e);
      }
    }
    return volumes;
  }
}
