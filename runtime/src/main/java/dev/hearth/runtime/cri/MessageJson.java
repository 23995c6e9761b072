package dev.hearth.runtime.cri;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;

/**
 * Messages as the JSON that people read in {@code crictl inspect}: the contract's own field names,
 * and nothing for what is not set.
 */
final class MessageJson {
  private MessageJson() {}

  static JsonObject of(Message message) {
    JsonObject json = new JsonObject();
    for (Map.Entry<FieldDescriptor, Object> set : message.getAllFields().entrySet()) {
      json.add(set.getKey().getName(), field(set.getKey(), set.getValue()));
    }
    return json;
  }

  private static JsonElement field(FieldDescriptor field, Object value) {
    if (field.isMapField()) {
      JsonObject map = new JsonObject();
      for (Object entry : (List<?>) value) {
        Map<FieldDescriptor, Object> fields = ((Message) entry).getAllFields();
        FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
        FieldDescriptor content = field.getMessageType().findFieldByNumber(2);
        map.add(fields.getOrDefault(key, "").toString(), single(fields.getOrDefault(content, "")));
      }
      return map;
    }
    if (field.isRepeated()) {
      JsonArray array = new JsonArray();
      ((List<?>) value).forEach(each -> array.add(single(each)));
      return array;
    }
    return single(value);
  }

  private static JsonElement single(Object value) {
    return switch (value) {
      case Message message -> of(message);
      case EnumValueDescriptor constant -> new JsonPrimitive(constant.getName());
      case Boolean truth -> new JsonPrimitive(truth);
      case Number number -> new JsonPrimitive(number);
      case ByteString bytes -> new JsonPrimitive(bytes.toStringUtf8());
      default -> new JsonPrimitive(value.toString());
    };
  }
}
