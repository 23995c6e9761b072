package dev.hearth.runtime.network.cni;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * One plugin of a network and how it is set up.
 *
 * @param type name of its program
 * @param capabilities what it takes of a pod beyond what every plugin is told
 * @param body all of it, whatever it means, as it was written
 */
record PluginConfiguration(String type, Set<String> capabilities, JsonObject body) {
  private static final String CAPABILITIES = "capabilities";

  PluginConfiguration {
    capabilities = Set.copyOf(capabilities);
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException whose message ends a sentence that begins with "a plugin"
   */
  static PluginConfiguration of(JsonObject body) {
    String type = StrictJson.required(body, "type");
    if (type.indexOf('/') >= 0 || type.indexOf('\0') >= 0 || type.startsWith(".")) {
      throw new IllegalArgumentException("has a type that names no program: " + type);
    }
    Set<String> capabilities = new HashSet<>();
    JsonObject declared = StrictJson.inner(body, CAPABILITIES);
    for (Map.Entry<String, JsonElement> entry : declared.entrySet()) {
      if (StrictJson.flag(declared, entry.getKey())) {
        capabilities.add(entry.getKey());
      }
    }
    return new PluginConfiguration(type, capabilities, body);
  }

  /** Section 3, deriving request configuration: what every call of it is given. */
  JsonObject request(String network, CniVersion version) {
    JsonObject request = body.deepCopy();
    request.remove(CAPABILITIES);
    request.addProperty("cniVersion", version.toString());
    request.addProperty("name", network);
    return request;
  }
}
