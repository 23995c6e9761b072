package dev.hearth.runtime.image;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.registry.Platform;
import dev.hearth.runtime.registry.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads image configurations (OCI Image Specification 1.1, config.md). A member that is null counts
 * as absent; one of a wrong type is refused.
 */
final class ConfigJson {
  private final JsonObject document;

  private ConfigJson(JsonObject document) {
    this.document = document;
  }

  /**
   * @throws HearthException.HostFailure if it is no image configuration; the message does not name
   *     the image
   */
  static ConfigJson parse(byte[] bytes) {
    return new ConfigJson(
        StrictJson.object(bytes)
            .orElseThrow(() -> malformed("it is not a JSON object, or one of very many parts")));
  }

  /** What the image says it runs on; empty strings where it does not say. */
  Platform platform() {
    return new Platform(
        string(document, "os"), string(document, "architecture"), string(document, "variant"));
  }

  ImageConfig config() {
    JsonObject process = object(document, "config");
    return new ImageConfig(
        string(document, "architecture"),
        string(document, "os"),
        strings(process, "Entrypoint"),
        strings(process, "Cmd"),
        strings(process, "Env"),
        string(process, "WorkingDir"),
        string(process, "User"),
        string(process, "StopSignal"),
        map(process, "Labels"),
        keys(process, "Volumes"),
        keys(process, "ExposedPorts"),
        diffIds());
  }

  private List<Digest> diffIds() {
    List<Digest> digests = new ArrayList<>();
    for (String text : strings(object(document, "rootfs"), "diff_ids")) {
      try {
        digests.add(Digest.parse(text));
      } catch (IllegalArgumentException e) {
        throw malformed("a diff_id is no digest");
      }
    }
    return digests;
  }

  private static @Nullable JsonElement member(JsonObject object, String name) {
    JsonElement value = object.get(name);
    return value == null || value.isJsonNull() ? null : value;
  }

  private static JsonObject object(JsonObject parent, String name) {
    return switch (member(parent, name)) {
      case null -> new JsonObject();
      case JsonObject object -> object;
      default -> throw malformed(name + " is not an object");
    };
  }

  private static String string(JsonObject parent, String name) {
    JsonElement value = member(parent, name);
    return value == null ? "" : text(name, value);
  }

  private static String text(String name, JsonElement value) {
    if (value instanceof JsonPrimitive primitive && primitive.isString()) {
      String text = primitive.getAsString();
      if (text.indexOf('\0') < 0) {
        return text;
      }
    }
    throw malformed(name + " is not text");
  }

  private static List<String> strings(JsonObject parent, String name) {
    List<String> strings = new ArrayList<>();
    switch (member(parent, name)) {
      case null -> {}
      case JsonArray array -> array.forEach(element -> strings.add(text(name, element)));
      default -> throw malformed(name + " is not a list");
    }
    return strings;
  }

  private static Map<String, String> map(JsonObject parent, String name) {
    Map<String, String> map = new LinkedHashMap<>();
    object(parent, name)
        .entrySet()
        .forEach(entry -> map.put(entry.getKey(), text(name, entry.getValue())));
    return map;
  }

  private static List<String> keys(JsonObject parent, String name) {
    return List.copyOf(object(parent, name).keySet());
  }

  private static HearthException.HostFailure malformed(String why) {
    return new HearthException.HostFailure("its configuration is malformed: " + why, null);
  }
}
