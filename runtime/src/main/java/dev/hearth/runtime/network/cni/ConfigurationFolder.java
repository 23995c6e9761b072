package dev.hearth.runtime.network.cni;

import com.google.gson.JsonObject;
import dev.hearth.runtime.network.NetworkException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The folder of network configurations. It is read anew for each use, so what an operator or an
 * installer changes counts from then on, and what was wrong mends itself.
 *
 * <p>The first file by name is the network of all pods. It stands for what the operator means: when
 * it is wrong, no other is taken instead.
 */
final class ConfigurationFolder {
  private static final Set<String> SUFFIXES = Set.of(".conf", ".conflist", ".json");
  private static final int LARGEST_FILE = 1 << 20;

  private final Path folder;

  ConfigurationFolder(Path folder) {
    this.folder = folder;
  }

  Path path() {
    return folder;
  }

  /** Whether there is any configuration, good or bad. */
  boolean holdsAny() {
    try {
      return !files(folder, SUFFIXES).isEmpty();
    } catch (IOException _) {
      return true; // That it cannot be read is said when it is used.
    }
  }

  /** The network of all pods. */
  NetworkList standard() throws NetworkException {
    List<Path> files = files();
    if (files.isEmpty()) {
      throw new NetworkException.NotConfigured(
          "there is no network configuration in " + folder + ": install a network plugin");
    }
    return read(files.getFirst());
  }

  /** The first network of a name. */
  NetworkList named(String name) throws NetworkException {
    List<String> broken = new ArrayList<>();
    for (Path file : files()) {
      try {
        NetworkList list = read(file);
        if (list.name().equals(name)) {
          return list;
        }
      } catch (NetworkException.NotConfigured e) {
        broken.add(String.valueOf(e.getMessage()));
      }
    }
    throw new NetworkException.NotConfigured(
        "there is no network " + name + " in " + folder + (broken.isEmpty() ? "" : ": " + broken));
  }

  private List<Path> files() throws NetworkException {
    try {
      return files(folder, SUFFIXES);
    } catch (IOException e) {
      throw new NetworkException.NotConfigured("cannot read " + folder + ": " + e.getMessage());
    }
  }

  private static List<Path> files(Path folder, Set<String> suffixes) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        int dot = name.lastIndexOf('.');
        if (dot >= 0 && suffixes.contains(name.substring(dot)) && !Files.isDirectory(entry)) {
          files.add(entry);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      return List.of();
    }
    files.sort(null);
    return files;
  }

  private NetworkList read(Path file) throws NetworkException {
    try {
      JsonObject object = StrictJson.object(text(file));
      return file.toString().endsWith(".conflist") || object.has("plugins")
          ? NetworkList.ofList(object, this::others)
          : NetworkList.ofOne(object);
    } catch (IOException e) {
      throw new NetworkException.NotConfigured("cannot read " + file + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new NetworkException.NotConfigured(file + " " + e.getMessage());
    }
  }

  private List<JsonObject> others(String network) {
    List<JsonObject> others = new ArrayList<>();
    try {
      for (Path file : files(folder.resolve(network), Set.of(".conf"))) {
        others.add(StrictJson.object(text(file)));
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "has plugins in " + folder.resolve(network) + " of which one " + e.getMessage(), e);
    }
    return others;
  }

  private static String text(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
      if (bytes.length > LARGEST_FILE) {
        throw new IllegalArgumentException("is larger than " + LARGEST_FILE + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** The network of all pods, if there is a configuration and it is right. */
  Optional<NetworkList> standardIfAny() {
    try {
      return Optional.of(standard());
    } catch (NetworkException _) {
      return Optional.empty();
    }
  }
}
