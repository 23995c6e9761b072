package dev.hearth.runtime.registry;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads manifests. They come from strangers: every field is checked for presence and type. */
final class ManifestJson {
  /** Entries of an index, or layers of an image, beyond which a document is refused unread. */
  private static final int MAX_ENTRIES = 4096;

  private ManifestJson() {}

  static Manifest parse(String mediaType, byte[] bytes) throws ProtocolViolation {
    if (MediaTypes.isSchema1(mediaType)) {
      throw schema1();
    }
    JsonObject document = object(bytes);
    if (document.get("schemaVersion") instanceof JsonPrimitive version
        && version.getAsString().equals("1")) {
      throw schema1();
    }
    String type = mediaType(mediaType, document);
    // A document that can be read both ways means different images to different readers.
    if (document.has("manifests") && (document.has("layers") || document.has("config"))) {
      throw new ProtocolViolation("it is an image and an index at once");
    }
    if (MediaTypes.isIndex(type)) {
      return new Manifest.ImageIndex(descriptors(document, "manifests"));
    }
    if (MediaTypes.isManifest(type)) {
      JsonElement config = document.get("config");
      if (!(config instanceof JsonObject object)) {
        throw new ProtocolViolation("it has no config");
      }
      return new Manifest.ImageManifest(descriptor(object), descriptors(document, "layers"));
    }
    throw new ProtocolViolation("its media type is no image's: " + Text.printable(type));
  }

  /** The media type that a registry's answer has, by its header and by what it says itself. */
  static String mediaType(String contentType, byte[] bytes) throws ProtocolViolation {
    String type = MediaTypes.ofHeader(contentType);
    return MediaTypes.isSchema1(type) ? type : mediaType(type, object(bytes));
  }

  private static String mediaType(String given, JsonObject document) throws ProtocolViolation {
    String own = string(document, "mediaType");
    boolean known = MediaTypes.isIndex(given) || MediaTypes.isManifest(given);
    if (known) {
      if (!own.isEmpty() && !own.equals(given)) {
        throw new ProtocolViolation(
            "it was announced as " + given + " but calls itself " + Text.printable(own));
      }
      return given;
    }
    if (!own.isEmpty()) {
      return own;
    }
    // OCI documents need not name their type, and static file servers do not know it.
    if (document.has("manifests")) {
      return MediaTypes.OCI_INDEX;
    }
    return document.has("config") && document.has("layers") ? MediaTypes.OCI_MANIFEST : given;
  }

  private static ProtocolViolation schema1() {
    return new ProtocolViolation(
        "it has Docker schema 1, which is obsolete and not supported; push the image again with a"
            + " current tool");
  }

  private static JsonObject object(byte[] bytes) throws ProtocolViolation {
    return StrictJson.object(bytes)
        .orElseThrow(
            () -> new ProtocolViolation("it is not a JSON object, or one of very many parts"));
  }

  private static List<Descriptor> descriptors(JsonObject document, String name)
      throws ProtocolViolation {
    if (!(document.get(name) instanceof JsonArray array)) {
      throw new ProtocolViolation("it has no " + name);
    }
    if (array.size() > MAX_ENTRIES) {
      throw new ProtocolViolation(
          "it has " + array.size() + " " + name + "; " + MAX_ENTRIES + " are allowed");
    }
    List<Descriptor> descriptors = new ArrayList<>(array.size());
    for (JsonElement element : array) {
      if (!(element instanceof JsonObject object)) {
        throw new ProtocolViolation("an entry of its " + name + " is no descriptor");
      }
      descriptors.add(descriptor(object));
    }
    return descriptors;
  }

  private static Descriptor descriptor(JsonObject object) throws ProtocolViolation {
    Digest digest;
    try {
      digest = Digest.parse(string(object, "digest"));
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolation(
          "a descriptor: " + Text.printable(String.valueOf(e.getMessage())));
    }
    List<String> urls = new ArrayList<>();
    if (object.get("urls") instanceof JsonArray array) {
      for (JsonElement url : array) {
        urls.add(url instanceof JsonPrimitive text ? text.getAsString() : "");
      }
    }
    Optional<Platform> platform =
        object.get("platform") instanceof JsonObject p
            ? Optional.of(
                new Platform(string(p, "os"), string(p, "architecture"), string(p, "variant")))
            : Optional.empty();
    return new Descriptor(
        string(object, "mediaType"), digest, size(object, digest), urls, platform);
  }

  private static long size(JsonObject object, Digest digest) throws ProtocolViolation {
    if (object.get("size") instanceof JsonPrimitive number && number.isNumber()) {
      try {
        long size = Long.parseLong(number.getAsString());
        if (size >= 0) {
          return size;
        }
      } catch (NumberFormatException e) {
        throw new ProtocolViolation("the size of " + digest + " is no whole number", e);
      }
    }
    throw new ProtocolViolation("the size of " + digest + " is missing or negative");
  }

  /** A member that is a string; anything else counts as empty. */
  private static String string(JsonObject object, String name) {
    @Nullable JsonElement value = object.get(name);
    return value instanceof JsonPrimitive primitive && primitive.isString()
        ? primitive.getAsString()
        : "";
  }
}
