package dev.hearth.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.util.Map;

/**
 * Messages as JSON, by protobuf's own mapping and with every field present, so that scripts for
 * crictl's JSON find the same names: 64-bit numbers are strings, enums their names.
 */
final class Json {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private Json() {}

  static JsonObject of(MessageOrBuilder message) {
    try {
      String json = JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(message);
      return JsonParser.parseString(json).getAsJsonObject();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("only Any can fail to print, and no message of ours has one", e);
    }
  }

  /** The info of a verbose answer: each value is a JSON text, or whatever it is. */
  static JsonObject info(Map<String, String> info) {
    var json = new JsonObject();
    info.forEach((key, value) -> json.add(key, parse(value)));
    return json;
  }

  static String pretty(JsonElement json) {
    return PRETTY.toJson(json);
  }

  private static JsonElement parse(String value) {
    try {
      return JsonParser.parseString(value);
    } catch (JsonParseException e) {
      return new JsonPrimitive(value);
    }
  }
}
