package dev.hearth.runtime.cdi;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A file that describes devices (Container Device Interface 1.1, "CDI JSON Specification").
 *
 * @param edits for a container that gets any of its devices
 * @param devices by their whole names
 */
record SpecFile(Path path, Edits edits, Map<String, Edits> devices) {
  /** Longest file that is read, in bytes. */
  private static final long MAX_FILE = 4L << 20;

  private static final Gson JSON = new GsonBuilder().setStrictness(Strictness.STRICT).create();

  /** Whether a file of that name describes devices at all. */
  static boolean isOne(Path path) {
    return path.toString().endsWith(".json") || isYaml(path);
  }

  private static boolean isYaml(Path path) {
    return path.toString().endsWith(".yaml");
  }

  static SpecFile read(Path path) throws IOException, BrokenSpecException {
    if (!Files.isRegularFile(path)) {
      // To read a pipe would be to wait.
      throw new BrokenSpecException("is no file");
    }
    if (Files.size(path) > MAX_FILE) {
      throw new BrokenSpecException("is longer than " + MAX_FILE + " bytes");
    }
    try {
      return parse(path, Files.readString(path));
    } catch (CharacterCodingException e) {
      throw new BrokenSpecException("is not UTF-8 text");
    }
  }

  static SpecFile parse(Path path, String text) throws BrokenSpecException {
    Fields fields = Fields.of("the file", tree(path, text));
    SpecVersion version = SpecVersion.of(fields.required("cdiVersion"));
    String kind = fields.required("kind");
    EditsReader reader = new EditsReader();
    if (fields.has("annotations")) {
      reader.need(SpecVersion.V0_6);
    }
    var common = fields.object("containerEdits");
    Edits edits = common.isPresent() ? reader.read(common.get()) : Edits.NONE;
    Map<String, Edits> devices = new LinkedHashMap<>();
    for (Fields device : fields.objects("devices")) {
      DeviceName name = DeviceName.of(kind, device.required("name"));
      if (devices.put(name.toString(), device(device, name, reader)) != null) {
        throw new BrokenSpecException("describes " + name + " twice");
      }
      if (name.family().indexOf('.') >= 0) {
        reader.need(SpecVersion.V0_6);
      }
    }
    fields.end();
    if (devices.isEmpty()) {
      throw new BrokenSpecException("describes no device");
    }
    if (version.compareTo(reader.needed()) < 0) {
      throw new BrokenSpecException(
          "says what takes cdiVersion " + reader.needed() + " and claims " + version);
    }
    return new SpecFile(path, edits, devices);
  }

  private static Edits device(Fields fields, DeviceName name, EditsReader reader)
      throws BrokenSpecException {
    if (Character.isDigit(name.device().charAt(0))) {
      reader.need(SpecVersion.V0_5);
    }
    if (fields.has("annotations")) {
      reader.need(SpecVersion.V0_6);
    }
    var given = fields.object("containerEdits");
    Edits edits = given.isPresent() ? reader.read(given.get()) : Edits.NONE;
    fields.end();
    if (edits.equals(Edits.NONE)) {
      throw new BrokenSpecException("device " + name + " changes nothing in a container");
    }
    return edits;
  }

  /** YAML's reader is loaded with the first file that needs it. */
  private static JsonElement tree(Path path, String text) throws BrokenSpecException {
    if (isYaml(path)) {
      return YamlTree.parse(text);
    }
    try {
      JsonElement tree = JSON.fromJson(text, JsonElement.class);
      if (tree == null) {
        throw new BrokenSpecException("is empty");
      }
      return tree;
    } catch (JsonParseException | StackOverflowError e) {
      throw new BrokenSpecException("is no JSON: " + e.getMessage());
    }
  }
}
