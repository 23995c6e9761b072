package dev.hearth.runtime.network.cni;

import com.google.gson.JsonObject;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.cni.PluginCall.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which versions plugins speak, asked of each program once for as long as it is the same file. */
final class PluginVersions {
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final PluginRunner runner;
  private final Map<Path, Known> known = new ConcurrentHashMap<>();

  PluginVersions(PluginRunner runner) {
    this.runner = runner;
  }

  /** A file as it was when it was asked. */
  private record Identity(@Nullable Object key, FileTime modified, long size) {}

  private record Known(Identity identity, Set<String> versions) {}

  /**
   * Chooses the latest version that the configuration names, and all its plugins and this runtime
   * speak. A plugin that does not say which it speaks is taken to speak what it is configured with.
   *
   * @throws NetworkException.NotConfigured if there is none, or a plugin is not installed
   */
  NetworkList choose(NetworkList network, Deadline deadline) throws NetworkException {
    List<CniVersion> common = new ArrayList<>(network.versions());
    for (PluginConfiguration plugin : network.plugins()) {
      Set<String> spoken = spoken(plugin.type(), deadline);
      if (spoken.isEmpty()) {
        continue;
      }
      common.removeIf(version -> !spoken.contains(version.toString()));
      if (common.isEmpty()) {
        throw new NetworkException.NotConfigured(
            "network "
                + network.name()
                + " is configured for version "
                + network.versions().stream()
                    .map(CniVersion::toString)
                    .collect(Collectors.joining(" or "))
                + ", of which plugin "
                + plugin.type()
                + ", which speaks "
                + spoken.stream().sorted().toList()
                + ", and those before it have none in common");
      }
    }
    return network.in(common.getFirst());
  }

  private Set<String> spoken(String type, Deadline deadline) throws NetworkException {
    Path program = runner.find(type);
    Identity identity = identity(program);
    Known before = known.get(program);
    if (before != null && before.identity.equals(identity)) {
      return before.versions;
    }
    Optional<Set<String>> versions = ask(type, deadline);
    // A failure may pass, and is not the program's answer for good.
    versions.ifPresent(answer -> known.put(program, new Known(identity, answer)));
    return versions.orElse(Set.of());
  }

  private Optional<Set<String>> ask(String type, Deadline deadline) throws NetworkException {
    JsonObject input = new JsonObject();
    input.addProperty("cniVersion", CniVersion.V1_1_0.toString());
    try {
      String said =
          runner.run(
              new PluginCall(type, Command.VERSION, Map.of(), input), deadline.atMost(ANSWER));
      return Optional.of(
          Set.copyOf(StrictJson.strings(StrictJson.object(said), "supportedVersions")));
    } catch (NetworkException.PluginFailed | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Identity identity(Path program) throws NetworkException {
    try {
      BasicFileAttributes file = Files.readAttributes(program, BasicFileAttributes.class);
      return new Identity(file.fileKey(), file.lastModifiedTime(), file.size());
    } catch (IOException e) {
      throw new NetworkException.NotConfigured(
          "plugin " + program + " cannot be examined: " + Objects.toString(e.getMessage()));
    }
  }
}
