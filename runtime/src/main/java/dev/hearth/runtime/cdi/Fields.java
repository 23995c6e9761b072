package dev.hearth.runtime.cdi;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one object of a file. One that nobody asked for is an error, as the specification
 * has it: to ignore it would make of a device something it is not.
 */
final class Fields {
  private final String where;
  private final JsonObject object;
  private final Set<String> known = new HashSet<>();

  private Fields(String where, JsonObject object) {
    this.where = where;
    this.object = object;
  }

  /**
   * @param where it stands, for messages
   */
  static Fields of(String where, JsonElement element) throws BrokenSpecException {
    if (!(element instanceof JsonObject object)) {
      throw new BrokenSpecException(where + " is not an object");
    }
    return new Fields(where, object);
  }

  BrokenSpecException broken(String field, String why) {
    return new BrokenSpecException(where + ": " + field + " " + why);
  }

  private @Nullable JsonElement find(String name) {
    known.add(name);
    JsonElement element = object.get(name);
    return element == null || element.isJsonNull() ? null : element;
  }

  /** Empty if it is not there. */
  String text(String name) throws BrokenSpecException {
    JsonElement element = find(name);
    return element == null ? "" : text(name, element);
  }

  private String text(String name, JsonElement element) throws BrokenSpecException {
    if (!(element instanceof JsonPrimitive primitive)) {
      throw broken(name, "is not a text");
    }
    String text = primitive.getAsString();
    if (text.indexOf('\0') >= 0) {
      throw broken(name, "contains a NUL character");
    }
    if (!UTF_8.newEncoder().canEncode(text)) {
      // JSON can write half of a surrogate pair, which is no character and in no path.
      throw broken(name, "contains what is no character");
    }
    return text;
  }

  String required(String name) throws BrokenSpecException {
    String text = text(name);
    if (text.isEmpty()) {
      throw broken(name, "is missing");
    }
    return text;
  }

  private JsonArray array(String name) throws BrokenSpecException {
    JsonElement element = find(name);
    if (element == null) {
      return new JsonArray();
    }
    if (!(element instanceof JsonArray array)) {
      throw broken(name, "is not a list");
    }
    return array;
  }

  List<String> texts(String name) throws BrokenSpecException {
    List<String> texts = new ArrayList<>();
    for (JsonElement element : array(name)) {
      texts.add(text(name, element));
    }
    return texts;
  }

  /**
   * @param most the greatest it may be
   */
  List<Long> numbers(String name, long most) throws BrokenSpecException {
    List<Long> numbers = new ArrayList<>();
    for (JsonElement element : array(name)) {
      numbers.add(number(name, element, most));
    }
    return numbers;
  }

  /**
   * @param most the greatest it may be
   */
  OptionalLong number(String name, long most) throws BrokenSpecException {
    JsonElement element = find(name);
    return element == null ? OptionalLong.empty() : OptionalLong.of(number(name, element, most));
  }

  /** A YAML file may write a number in octal, as chmod(1) does, or in hexadecimal. */
  private long number(String name, JsonElement element, long most) throws BrokenSpecException {
    String text = text(name, element);
    try {
      long number =
          text.matches("0o[0-7]+")
              ? Long.parseLong(text.substring(2), 8)
              : text.matches("0[0-7]+") ? Long.parseLong(text, 8) : Long.decode(text);
      if (number < 0 || number > most) {
        throw broken(name, "must be 0 to " + most + ", not " + text);
      }
      return number;
    } catch (NumberFormatException e) {
      throw broken(name, "is not a whole number: " + text);
    }
  }

  List<Fields> objects(String name) throws BrokenSpecException {
    List<Fields> objects = new ArrayList<>();
    for (JsonElement element : array(name)) {
      objects.add(of(where + ": " + name, element));
    }
    return objects;
  }

  Optional<Fields> object(String name) throws BrokenSpecException {
    JsonElement element = find(name);
    return element == null ? Optional.empty() : Optional.of(of(where + ": " + name, element));
  }

  /** Whether a field that says nothing to Hearth is there. */
  boolean has(String name) {
    return find(name) != null;
  }

  /** To be called when all that is known was asked for. */
  void end() throws BrokenSpecException {
    for (String name : object.keySet()) {
      if (!known.contains(name)) {
        throw broken(name, "is no field of the specification");
      }
    }
  }
}
