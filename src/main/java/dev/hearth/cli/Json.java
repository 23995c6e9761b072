package dev.hearth.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Messages as JSON by protobuf's own mapping (protobuf.dev, "ProtoJSON Format") with every field
 * that has a value, zero or not, so that scripts for crictl's JSON find the same names: 64-bit
 * numbers are strings, enums their names, bytes base64.
 *
 * <p>protobuf's JsonFormat does the same and needs 100 ms for its first message; its special types
 * do not occur in our contracts.
 */
final class Json {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private Json() {}

  static JsonObject of(Message message) {
    var json = new JsonObject();
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      if (!field.hasPresence() || message.hasField(field)) {
        json.add(field.getJsonName(), field(field, message.getField(field)));
      }
    }
    return json;
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

  private static JsonElement field(FieldDescriptor field, Object value) {
    if (field.isMapField()) {
      return map((List<?>) value);
    }
    if (!field.isRepeated()) {
      return single(field, value);
    }
    var array = new JsonArray();
    ((List<?>) value).forEach(element -> array.add(single(field, element)));
    return array;
  }

  /** Reflection shows a map as a list of messages, key first. */
  private static JsonObject map(List<?> entries) {
    var json = new JsonObject();
    for (Object element : entries) {
      var entry = (Message) element;
      List<FieldDescriptor> keyAndValue = entry.getDescriptorForType().getFields();
      json.add(
          entry.getField(keyAndValue.get(0)).toString(),
          single(keyAndValue.get(1), entry.getField(keyAndValue.get(1))));
    }
    return json;
  }

  private static JsonElement single(FieldDescriptor field, Object value) {
    return switch (field.getJavaType()) {
      case INT -> integer(field, (Integer) value);
      case LONG ->
          new JsonPrimitive(
              isUnsigned(field) ? Long.toUnsignedString((Long) value) : value.toString());
      case FLOAT -> number((Float) value);
      case DOUBLE -> number((Double) value);
      case BOOLEAN -> new JsonPrimitive((Boolean) value);
      case STRING -> new JsonPrimitive((String) value);
      case BYTE_STRING ->
          new JsonPrimitive(Base64.getEncoder().encodeToString(((ByteString) value).toByteArray()));
      case ENUM -> enumeration((EnumValueDescriptor) value);
      case MESSAGE -> of((Message) value);
    };
  }

  private static boolean isUnsigned(FieldDescriptor field) {
    return switch (field.getType()) {
      case UINT32, FIXED32, UINT64, FIXED64 -> true;
      default -> false;
    };
  }

  private static JsonPrimitive integer(FieldDescriptor field, int value) {
    return isUnsigned(field)
        ? new JsonPrimitive(Integer.toUnsignedLong(value))
        : new JsonPrimitive(value);
  }

  /** JSON has no name for what is no number. */
  private static JsonPrimitive number(double value) {
    return Double.isFinite(value)
        ? new JsonPrimitive(value)
        : new JsonPrimitive(Double.toString(value));
  }

  /** A value that this release does not know stays a number. */
  private static JsonPrimitive enumeration(EnumValueDescriptor value) {
    return value.getIndex() < 0
        ? new JsonPrimitive(value.getNumber())
        : new JsonPrimitive(value.getName());
  }

  private static JsonElement parse(String value) {
    try {
      return JsonParser.parseString(value);
    } catch (JsonParseException e) {
      return new JsonPrimitive(value);
    }
  }
}
