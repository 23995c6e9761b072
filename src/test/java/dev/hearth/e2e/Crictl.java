package dev.hearth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The real crictl, run against one socket. */
final class Crictl {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Path program;
  private final Path configuration;
  private final Path folder;

  /** What crictl printed, and how it ended. */
  record Run(int exitCode, String out, String err) {}

  /**
   * @param folder for its configuration and the requests it reads
   */
  Crictl(Path program, Path socket, Path folder) throws IOException {
    this.program = program;
    this.folder = Files.createDirectories(folder);
    this.configuration = folder.resolve("crictl.yaml");
    Files.writeString(
        configuration,
        """
        runtime-endpoint: unix://%1$s
        image-endpoint: unix://%1$s
        timeout: 30
        """
            .formatted(socket));
  }

  /** Where crictl is on this machine. */
  static Optional<Path> onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry, "crictl"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Runs a command that may fail. */
  Run run(String... arguments) throws IOException {
    var command = new ArrayList<>(List.of(program.toString(), "--config", "" + configuration));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // An operator's settings would lead it to another daemon.
    builder
        .environment()
        .keySet()
        .removeAll(List.of("CONTAINER_RUNTIME_ENDPOINT", "IMAGE_SERVICE_ENDPOINT"));
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("crictl did not end: " + command);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during " + command, e);
    } finally {
      process.destroyForcibly();
    }
    return new Run(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  /** Runs a command that must succeed and returns what it printed, without its last line end. */
  String ok(String... arguments) throws IOException {
    Run run = run(arguments);
    assertThat(run.exitCode()).as("crictl %s: %s", List.of(arguments), run.err()).isZero();
    return run.out().stripTrailing();
  }

  /** Runs a command that must succeed and print a JSON object. */
  JsonObject json(String... arguments) throws IOException {
    return JsonParser.parseString(ok(arguments)).getAsJsonObject();
  }

  /** Writes a request for commands that read one from a file. */
  String file(Message request) throws IOException {
    Path file = Files.createTempFile(folder, "request", ".json");
    Files.writeString(file, goJson(request).toString());
    return file.toString();
  }

  /** As Go's encoding/json maps the generated types: names as in the contract, enums as numbers. */
  private static JsonObject goJson(Message message) {
    var json = new JsonObject();
    message
        .getAllFields()
        .forEach((field, value) -> json.add(field.getName(), goJson(field, value)));
    return json;
  }

  private static JsonElement goJson(FieldDescriptor field, Object value) {
    if (field.isMapField()) {
      var map = new JsonObject();
      for (Object entry : (List<?>) value) {
        JsonObject keyAndValue = goJson((Message) entry);
        map.add(keyAndValue.get("key").getAsString(), keyAndValue.get("value"));
      }
      return map;
    }
    if (value instanceof List<?> list) {
      var array = new JsonArray();
      list.forEach(element -> array.add(goJsonValue(element)));
      return array;
    }
    return goJsonValue(value);
  }

  private static JsonElement goJsonValue(Object value) {
    return switch (value) {
      case Message message -> goJson(message);
      case EnumValueDescriptor constant -> new JsonPrimitive(constant.getNumber());
      case Number number -> new JsonPrimitive(number);
      case Boolean truth -> new JsonPrimitive(truth);
      default -> new JsonPrimitive(value.toString());
    };
  }

  /** The element at a path of names and, for arrays, numbers, separated by slashes. */
  static JsonElement at(JsonElement json, String path) {
    JsonElement at = json;
    for (String step : path.split("/", -1)) {
      JsonElement next =
          at instanceof JsonArray array
              ? array.get(Integer.parseInt(step))
              : at.getAsJsonObject().get(step);
      assertThat(next).as("%s of %s in %s", step, path, json).isNotNull();
      at = next;
    }
    return at;
  }

  static String text(JsonElement json, String path) {
    return at(json, path).getAsString();
  }

  static long number(JsonElement json, String path) {
    return at(json, path).getAsLong();
  }
}
