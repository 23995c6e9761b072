package dev.hearth.runtime.registry;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** JSON from strangers, by the letter of RFC 8259 where Gson by itself forgives much. */
public final class StrictJson {
  private StrictJson() {}

  /** The object that the bytes are; empty if they are anything else. */
  public static Optional<JsonObject> object(byte[] bytes) {
    JsonReader reader = new JsonReader(new StringReader(new String(bytes, StandardCharsets.UTF_8)));
    reader.setStrictness(Strictness.STRICT);
    try {
      JsonElement element = JsonParser.parseReader(reader);
      return element instanceof JsonObject object && reader.peek() == JsonToken.END_DOCUMENT
          ? Optional.of(object)
          : Optional.empty();
    } catch (JsonParseException | IOException | IllegalStateException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
