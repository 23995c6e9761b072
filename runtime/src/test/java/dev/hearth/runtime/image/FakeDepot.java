package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.snapshot.LayerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Layers kept as the bytes of their archives, in a directory. */
final class FakeDepot implements LayerDepot {
  /** Layers that a container needs. */
  final Set<Digest> held = ConcurrentHashMap.newKeySet();

  /** Every layer that was unpacked, in this order. */
  final List<Digest> unpacked = new CopyOnWriteArrayList<>();

  /** Thrown by the next unpacking, when it is at its end. */
  volatile Optional<IOException> failure = Optional.empty();

  private final Path directory;

  FakeDepot(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  @Override
  public Optional<Stored> find(Digest diffId) {
    try {
      long size = Files.size(directory.resolve(diffId.hex()));
      return Optional.of(new Stored(size, size));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public Stored unpack(InputStream compressed, String mediaType, Digest diffId)
      throws LayerException, IOException {
    Path temporary = Files.createTempFile(directory, "new", ".part");
    try {
      MessageDigest hash = Sha256.begin();
      try (InputStream in =
          mediaType.endsWith("gzip") ? new GZIPInputStream(compressed) : compressed) {
        byte[] buffer = new byte[8192];
        int n;
        while ((n = in.read(buffer)) >= 0) {
          hash.update(buffer, 0, n);
          Files.write(temporary, Arrays.copyOf(buffer, n), StandardOpenOption.APPEND);
        }
      } catch (ZipException e) {
        throw new LayerException(LayerException.Reason.MALFORMED, "no gzip", e);
      }
      compressed.readAllBytes();
      if (failure.isPresent()) {
        IOException thrown = failure.get();
        failure = Optional.empty();
        throw thrown;
      }
      Digest actual = Sha256.finish(hash);
      if (!actual.equals(diffId)) {
        throw new LayerException(LayerException.Reason.WRONG_DIGEST, "layer has diffID " + actual);
      }
      Files.move(temporary, directory.resolve(diffId.hex()));
      unpacked.add(diffId);
      return find(diffId).orElseThrow();
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  @Override
  public boolean remove(Digest diffId) throws IOException {
    if (held.contains(diffId)) {
      return false;
    }
    Files.deleteIfExists(directory.resolve(diffId.hex()));
    return true;
  }

  @Override
  public List<Digest> list() throws IOException {
    List<Digest> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      files
          .filter(file -> !file.toString().endsWith(".part"))
          .forEach(file -> all.add(Digest.sha256(String.valueOf(file.getFileName()))));
    }
    return all;
  }

  @Override
  public Usage usage() throws IOException {
    long bytes = 0;
    for (Digest layer : list()) {
      bytes += find(layer).orElseThrow().diskBytes();
    }
    return new Usage(bytes, list().size());
  }
}
