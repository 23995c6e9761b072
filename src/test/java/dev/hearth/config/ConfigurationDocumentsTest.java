package dev.hearth.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds the handbook and the sample file to what the daemon really reads. */
class ConfigurationDocumentsTest {
  /** Tests of this module run in its folder. */
  private static final Path SAMPLE = Path.of("dist/etc/hearth.toml");

  private static final Path HANDBOOK = Path.of("../docs/configuration.md");

  @TempDir Path folder;

  @Test
  void theHandbookHasARowAndASectionForEveryKeyAndNoOthers() throws IOException {
    String handbook = Files.readString(HANDBOOK);

    List<String> rows =
        handbook.lines().filter(line -> line.startsWith("| `")).collect(Collectors.toList());
    assertThat(rows)
        .containsExactlyElementsOf(
            Key.ALL.stream()
                .map(key ->
                    "| `"
                        + key.name()
                        + "` | "
                        + key.kind().shape()
                        + " | `"
                        + key.standard()
                        + "` |")
                .toList());
    assertThat(handbook.lines().filter(line -> line.startsWith("### ")))
        .containsExactlyElementsOf(
            Key.ALL.stream().map(key -> "### `" + key.name() + "`").toList());
  }

  @Test
  void theSampleAsItStandsChangesNothing() throws Exception {
    assertThat(ConfigurationFile.read(SAMPLE, Map.of())).isEqualTo(ConfigurationFile.defaults());
  }

  @Test
  void theSampleShowsEveryKeyWithItsDefault() throws Exception {
    String sample = Files.readString(SAMPLE);
    String uncommented =
        Pattern.compile("^#(?! )(.*)$", Pattern.MULTILINE).matcher(sample).replaceAll("$1");
    Path file = Files.writeString(folder.resolve("hearth.toml"), uncommented);

    assertThat(ConfigurationFile.read(file, Map.of())).isEqualTo(ConfigurationFile.defaults());
    for (Key<?> key : Key.ALL) {
      String last = key.name().substring(key.name().lastIndexOf('.') + 1);
      assertThat(sample).contains("\n#" + last + " = " + key.standard() + "\n");
    }
  }
}
