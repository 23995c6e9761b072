package dev.hearth.runtime.network.cni;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A network as its configuration describes it: plugins that are called one after the other (section
 * 1).
 *
 * @param versions those of the configuration's that are spoken here, latest first; at least one
 * @param disableCheck whether CHECK is not to be called
 * @param disableGc whether GC is not to be called
 * @param plugins in the order of ADD; at least one
 */
record NetworkList(
    String name,
    List<CniVersion> versions,
    boolean disableCheck,
    boolean disableGc,
    List<PluginConfiguration> plugins) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
  private static final String PLUGINS = "plugins";

  NetworkList {
    versions = List.copyOf(versions);
    plugins = List.copyOf(plugins);
  }

  /** Plugins of a network that are configured in files of their own, in a folder of its name. */
  interface Others {
    List<JsonObject> of(String network);
  }

  /**
   * Reads a list of plugins.
   *
   * @throws IllegalArgumentException whose message ends a sentence that begins with the file's name
   */
  static NetworkList ofList(JsonObject list, Others others) {
    String name = name(list);
    boolean inlinedOnly = StrictJson.flag(list, "loadOnlyInlinedPlugins");
    List<JsonObject> bodies = new ArrayList<>(StrictJson.objects(list, PLUGINS));
    if (!inlinedOnly) {
      bodies.addAll(others.of(name));
    }
    if (bodies.isEmpty()) {
      throw new IllegalArgumentException("has no plugins");
    }
    return new NetworkList(
        name,
        versions(list),
        StrictJson.flag(list, "disableCheck"),
        StrictJson.flag(list, "disableGC"),
        bodies.stream().map(PluginConfiguration::of).toList());
  }

  /** Reads the configuration of a single plugin, the form of the early versions. */
  static NetworkList ofOne(JsonObject plugin) {
    return new NetworkList(
        name(plugin), versions(plugin), false, false, List.of(PluginConfiguration.of(plugin)));
  }

  private static String name(JsonObject object) {
    String name = StrictJson.required(object, "name");
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("has a name that is not allowed: " + name);
    }
    return name;
  }

  private static List<CniVersion> versions(JsonObject object) {
    List<String> named = new ArrayList<>(StrictJson.strings(object, "cniVersions"));
    StrictJson.string(object, "cniVersion").ifPresent(named::add);
    List<CniVersion> versions =
        named.stream()
            .map(CniVersion::of)
            .flatMap(Optional::stream)
            .distinct()
            .sorted(Comparator.reverseOrder())
            .toList();
    if (versions.isEmpty()) {
      throw new IllegalArgumentException(
          "has cniVersion "
              + (named.isEmpty() ? "none" : String.join(", ", named))
              + "; spoken here are "
              + List.of(CniVersion.values()));
    }
    return versions;
  }

  /** The same network, spoken to in one version. */
  NetworkList in(CniVersion version) {
    return new NetworkList(name, List.of(version), disableCheck, disableGc, plugins);
  }

  CniVersion version() {
    return versions.getFirst();
  }

  /** Everything, as {@link #parse} reads it; whatever lay in other files is within. */
  String text() {
    JsonObject list = new JsonObject();
    list.addProperty("cniVersion", version().toString());
    JsonArray all = new JsonArray();
    versions.forEach(version -> all.add(version.toString()));
    list.add("cniVersions", all);
    list.addProperty("name", name);
    list.addProperty("disableCheck", disableCheck);
    list.addProperty("disableGC", disableGc);
    list.addProperty("loadOnlyInlinedPlugins", true);
    JsonArray bodies = new JsonArray();
    plugins.forEach(plugin -> bodies.add(plugin.body()));
    list.add(PLUGINS, bodies);
    return list.toString();
  }

  /** Reads what {@link #text} wrote. */
  static NetworkList parse(String text) {
    return ofList(StrictJson.object(text), _ -> List.of());
  }

  /** Whether some plugin declares a capability. */
  boolean has(String capability) {
    return plugins.stream().anyMatch(plugin -> plugin.capabilities().contains(capability));
  }
}
