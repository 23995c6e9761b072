package dev.hearth.proto;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.MessageOrBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Everything two peers must agree on, one fact a line, in an order that does not depend on how the
 * messages are spread over files:
 *
 * <pre>
 * rpc Service.Method (Request) returns (Response)
 * message Name [reserved ...]
 * field Name.field number label type json-name [options]
 * enum Name
 * value Name.VALUE number
 * </pre>
 */
final class WireListing {
  private final List<String> lines = new ArrayList<>();

  private WireListing() {}

  static List<String> of(Collection<FileDescriptor> files) {
    var listing = new WireListing();
    files.stream()
        .flatMap(file -> file.getServices().stream())
        .sorted(Comparator.comparing(ServiceDescriptor::getFullName))
        .forEach(listing::service);
    files.stream()
        .flatMap(file -> file.getEnumTypes().stream())
        .sorted(Comparator.comparing(EnumDescriptor::getFullName))
        .forEach(listing::enumeration);
    files.stream()
        .flatMap(file -> file.getMessageTypes().stream())
        .sorted(Comparator.comparing(Descriptor::getFullName))
        .forEach(listing::message);
    return List.copyOf(listing.lines);
  }

  private void service(ServiceDescriptor service) {
    service.getMethods().stream()
        .sorted(Comparator.comparing(MethodDescriptor::getName))
        .forEach(method -> add("rpc", rpc(method) + options(method.getOptions())));
  }

  private static String rpc(MethodDescriptor method) {
    return "%s (%s%s) returns (%s%s)"
        .formatted(
            method.getFullName(),
            method.isClientStreaming() ? "stream " : "",
            method.getInputType().getFullName(),
            method.isServerStreaming() ? "stream " : "",
            method.getOutputType().getFullName());
  }

  private void enumeration(EnumDescriptor type) {
    var proto = type.toProto();
    String reserved =
        proto.getReservedRangeList().stream()
                .map(range -> " reserved " + range.getStart() + ".." + range.getEnd())
                .collect(Collectors.joining())
            + reservedNames(proto.getReservedNameList());
    add("enum", type.getFullName() + reserved + options(type.getOptions()));
    // A value's full name has no enum in it (C++ scoping), so it is put together here.
    type.getValues()
        .forEach(value ->
            add(
                "value",
                "%s.%s %d%s"
                    .formatted(
                        type.getFullName(),
                        value.getName(),
                        value.getNumber(),
                        options(value.getOptions()))));
  }

  private void message(Descriptor type) {
    if (type.getOptions().getMapEntry()) {
      return; // Shown as the type of its field.
    }
    var proto = type.toProto();
    String reserved =
        proto.getReservedRangeList().stream()
                .map(range -> " reserved " + range.getStart() + ".." + (range.getEnd() - 1))
                .collect(Collectors.joining())
            + reservedNames(proto.getReservedNameList());
    add("message", type.getFullName() + reserved + options(type.getOptions()));
    type.getFields().stream()
        .sorted(Comparator.comparingInt(FieldDescriptor::getNumber))
        .forEach(this::field);
    type.getEnumTypes().forEach(this::enumeration);
    type.getNestedTypes().forEach(this::message);
  }

  private void field(FieldDescriptor field) {
    String label = field.isMapField() ? "map" : field.isRepeated() ? "repeated" : "single";
    OneofDescriptor oneof = field.getContainingOneof();
    add(
        "field",
        "%s %d %s %s %s%s%s"
            .formatted(
                field.getFullName(),
                field.getNumber(),
                label,
                type(field),
                field.getJsonName(),
                oneof == null ? "" : " oneof=" + oneof.getName(),
                options(field.getOptions())));
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      Descriptor entry = field.getMessageType();
      return type(entry.findFieldByNumber(1)) + ":" + type(entry.findFieldByNumber(2));
    }
    return switch (field.getType()) {
      case MESSAGE, GROUP -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(Locale.ROOT);
    };
  }

  private static String reservedNames(List<String> names) {
    return names.stream().map(name -> " reserved \"" + name + "\"").collect(Collectors.joining());
  }

  private static String options(MessageOrBuilder options) {
    return options.getAllFields().entrySet().stream()
        .map(option -> " " + option.getKey().getName() + "=" + option.getValue())
        .sorted()
        .collect(Collectors.joining());
  }

  private void add(String kind, String text) {
    lines.add(kind + " " + text);
  }
}
