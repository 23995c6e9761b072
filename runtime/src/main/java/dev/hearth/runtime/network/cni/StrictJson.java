package dev.hearth.runtime.network.cni;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * JSON that others wrote. What is not as it should be is an {@link IllegalArgumentException} whose
 * message says what and where.
 */
final class StrictJson {
  /** Deeper than any configuration; what is deeper would take the stack when it is written. */
  private static final int DEEPEST = 64;

  private StrictJson() {}

  /** Reads a text that is one object and nothing else. */
  static JsonObject object(String text) {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(DEEPEST);
      JsonElement element = JsonParser.parseReader(reader);
      if (text.isBlank()) {
        throw new IllegalArgumentException("is empty");
      }
      if (!element.isJsonObject()) {
        throw new IllegalArgumentException("is no JSON object");
      }
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("has something behind its JSON object");
      }
      return element.getAsJsonObject();
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException("is no valid JSON: " + reason(e), e);
    }
  }

  /** What the reader says, less its advice to programmers. */
  private static String reason(Exception failure) {
    return String.valueOf(failure.getMessage())
        .lines()
        .findFirst()
        .orElse("")
        .replaceFirst("^.*Exception: ", "")
        .replaceFirst("^Use JsonReader\\S* to accept malformed JSON", "malformed");
  }

  static Optional<String> string(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null || value.isJsonNull()) {
      return Optional.empty();
    }
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw new IllegalArgumentException("has a " + name + " that is no string");
    }
    return Optional.of(value.getAsString());
  }

  static String required(JsonObject object, String name) {
    return string(object, name)
        .filter(value -> !value.isEmpty())
        .orElseThrow(() -> new IllegalArgumentException("has no " + name));
  }

  /** A truth value, which some write as a string; false when absent. */
  static boolean flag(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null || value.isJsonNull()) {
      return false;
    }
    String text = value.isJsonPrimitive() ? value.getAsString().toLowerCase(Locale.ROOT) : "";
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("has a " + name + " that is no truth value");
    };
  }

  static Optional<Integer> index(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null || value.isJsonNull()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Integer.parseInt(value.isJsonPrimitive() ? value.getAsString() : ""));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("has a " + name + " that is no whole number", e);
    }
  }

  /** The objects of an array; none when absent. */
  static List<JsonObject> objects(JsonObject object, String name) {
    List<JsonObject> objects = new ArrayList<>();
    for (JsonElement element : array(object, name)) {
      if (!element.isJsonObject()) {
        throw new IllegalArgumentException("has " + name + " that are no objects");
      }
      objects.add(element.getAsJsonObject());
    }
    return objects;
  }

  /** The strings of an array; none when absent. */
  static List<String> strings(JsonObject object, String name) {
    List<String> strings = new ArrayList<>();
    for (JsonElement element : array(object, name)) {
      if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
        throw new IllegalArgumentException("has " + name + " that are no strings");
      }
      strings.add(element.getAsString());
    }
    return strings;
  }

  private static JsonArray array(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null || value.isJsonNull()) {
      return new JsonArray();
    }
    if (!value.isJsonArray()) {
      throw new IllegalArgumentException("has " + name + " that are no list");
    }
    return value.getAsJsonArray();
  }

  /** An object within; empty when absent. */
  static JsonObject inner(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null || value.isJsonNull()) {
      return new JsonObject();
    }
    if (!value.isJsonObject()) {
      throw new IllegalArgumentException("has a " + name + " that is no object");
    }
    return value.getAsJsonObject();
  }
}
