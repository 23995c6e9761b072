package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.hearth.proto.cri.v1.ImageServiceProto;
import dev.hearth.proto.cri.v1.RuntimeServiceProto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * docs/cri.md names every call and every field of a request; documents name tests that there are.
 */
final class CriDocumentTest {
  private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
  private static final Path DOCUMENTS = PROJECT.resolve("docs");
  private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| (.+) \\| (.*) \\|");
  private static final Pattern TEST_NAME =
      Pattern.compile("`(\\w+(?:Test|IT|E2E|Fuzz|Contract))\\.(\\w+)`");

  /** A row: what is done with a call or a field, and where that is tested. */
  private record Row(String what, String tests) {}

  @Test
  void everyCallAndEveryFieldOfARequestHasItsRow() throws IOException {
    assertThat(rows().keySet()).containsExactlyInAnyOrderElementsOf(contract());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cri.md", "threat-model.md"})
  void everyTestNamedIsThere(String document) throws IOException {
    Map<String, String> sources = testSources();
    List<String> missing = new ArrayList<>();
    Matcher test = TEST_NAME.matcher(Files.readString(DOCUMENTS.resolve(document)));
    while (test.find()) {
      if (!sources.getOrDefault(test.group(1), "").contains("void " + test.group(2) + "(")) {
        missing.add(test.group());
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void whatHasNoTestSaysWhy() throws IOException {
    assertThat(rows())
        .allSatisfy((name, row) -> {
          assertThat(row.what()).as(name).isNotBlank();
          assertThat(TEST_NAME.matcher(row.tests()).find() || row.tests().startsWith("none: "))
              .as("%s names a test, or says why there is none: %s", name, row.tests())
              .isTrue();
        });
  }

  /** Calls by their names, fields as Message.field. */
  private static Set<String> contract() {
    Set<String> names = new LinkedHashSet<>();
    Set<Descriptor> requests = new LinkedHashSet<>();
    for (ServiceDescriptor service :
        List.of(
            ImageServiceProto.getDescriptor().findServiceByName("ImageService"),
            RuntimeServiceProto.getDescriptor().findServiceByName("RuntimeService"))) {
      for (MethodDescriptor method : service.getMethods()) {
        names.add(method.getName());
        reach(method.getInputType(), requests);
      }
    }
    for (Descriptor request : requests) {
      request.getFields().forEach(field -> names.add(request.getName() + "." + field.getName()));
    }
    return names;
  }

  private static void reach(Descriptor message, Set<Descriptor> seen) {
    if (message.getOptions().getMapEntry() || !seen.add(message)) {
      return;
    }
    for (FieldDescriptor field : message.getFields()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        reach(field.getMessageType(), seen);
      }
    }
    if (message.getFullName().startsWith("google.")) {
      seen.remove(message);
    }
  }

  /** The document's rows; fields stand under a heading that names their message. */
  private static Map<String, Row> rows() throws IOException {
    Map<String, Row> rows = new LinkedHashMap<>();
    Set<String> doubled = new TreeSet<>();
    String message = "";
    for (String line : Files.readAllLines(DOCUMENTS.resolve("cri.md"))) {
      if (line.startsWith("## ")) {
        message = "";
      } else if (line.startsWith("### `")) {
        message = line.substring(5, line.lastIndexOf('`')) + ".";
      }
      Matcher row = ROW.matcher(line);
      if (row.matches()
          && rows.put(message + row.group(1), new Row(row.group(2), row.group(3))) != null) {
        doubled.add(message + row.group(1));
      }
    }
    assertThat(doubled).as("rows that stand twice").isEmpty();
    return rows;
  }

  private static Map<String, String> testSources() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    for (String module : List.of("proto", "native", "shim", "runtime", "src")) {
      Path tests =
          PROJECT.resolve(module).resolve(module.equals("src") ? "test/java" : "src/test/java");
      try (Stream<Path> files = Files.walk(tests)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(file ->
                sources.put(file.getFileName().toString().replace(".java", ""), text(file)));
      }
    }
    return sources;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
