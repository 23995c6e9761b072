package dev.hearth.runtime.registry;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** JSON from strangers, by the letter of RFC 8259 where Gson by itself forgives much. */
public final class StrictJson {
  /**
   * Names and values in one document: what is three bytes in it becomes sixty in memory, and an
   * index of 4096 images has fewer.
   */
  private static final int MAX_TOKENS = 64 << 10;

  private StrictJson() {}

  /** The object that the bytes are; empty if they are anything else, or of very many parts. */
  public static Optional<JsonObject> object(byte[] bytes) {
    JsonReader reader = reader(bytes);
    try {
      if (isOfManyParts(reader(bytes))) {
        return Optional.empty();
      }
      JsonElement element = JsonParser.parseReader(reader);
      return element instanceof JsonObject object && reader.peek() == JsonToken.END_DOCUMENT
          ? Optional.of(object)
          : Optional.empty();
    } catch (JsonParseException | IOException | IllegalStateException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static JsonReader reader(byte[] bytes) {
    JsonReader reader =
        new JsonReader(
            new InputStreamReader(new ByteArrayInputStream(bytes), StandardCharsets.UTF_8));
    reader.setStrictness(Strictness.STRICT);
    return reader;
  }

  private static boolean isOfManyParts(JsonReader reader) throws IOException {
    for (int tokens = 0; tokens <= MAX_TOKENS; tokens++) {
      switch (reader.peek()) {
        case BEGIN_ARRAY -> reader.beginArray();
        case END_ARRAY -> reader.endArray();
        case BEGIN_OBJECT -> reader.beginObject();
        case END_OBJECT -> reader.endObject();
        case NAME -> {
          var _ = reader.nextName();
        }
        case STRING, NUMBER, BOOLEAN, NULL -> reader.skipValue();
        case END_DOCUMENT -> {
          return false;
        }
      }
    }
    return true;
  }
}
