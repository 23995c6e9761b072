package dev.hearth.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.stream.StreamSupport;

/** An object of the API, or a part of one. What is not there is empty, however deep. */
record Doc(JsonElement json) {

  static Doc parse(String text) {
    return new Doc(JsonParser.parseString(text));
  }

  /** The part at a path like {@code status.podIPs.0.ip}. */
  Doc at(String path) {
    JsonElement found = json;
    for (String name : path.split("\\.", -1)) {
      found = step(found, name);
    }
    return new Doc(found);
  }

  /** The member of a list whose name is {@code name}. */
  Doc named(String name) {
    return items().stream()
        .filter(item -> item.at("name").text().equals(name))
        .findFirst()
        .orElse(new Doc(JsonNull.INSTANCE));
  }

  private static JsonElement step(JsonElement from, String name) {
    JsonElement found = null;
    if (from.isJsonObject()) {
      found = from.getAsJsonObject().get(name);
    } else if (from.isJsonArray() && Integer.parseInt(name) < from.getAsJsonArray().size()) {
      found = from.getAsJsonArray().get(Integer.parseInt(name));
    }
    return found == null ? JsonNull.INSTANCE : found;
  }

  boolean exists() {
    return !json.isJsonNull();
  }

  /** A string, number or boolean as text; empty if it is none of these. */
  String text() {
    return json.isJsonPrimitive() ? json.getAsString() : "";
  }

  /** A number, 0 if it is absent. */
  long number() {
    return json.isJsonPrimitive() ? json.getAsLong() : 0;
  }

  /** The members of a list; none if it is absent. */
  List<Doc> items() {
    return json.isJsonArray()
        ? StreamSupport.stream(json.getAsJsonArray().spliterator(), false).map(Doc::new).toList()
        : List.of();
  }

  @Override
  public String toString() {
    return json.toString();
  }
}
