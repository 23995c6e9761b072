package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.tour.Tour;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code ./dev run} shows, also after one that came to a sudden end. */
@NeedsRoot
class TourE2E {
  @Test
  void theTourGoesTheWholeWayAfterOneThatWasKilledInItsMiddle() throws Exception {
    Process first = tour();
    try (BufferedReader lines = first.inputReader(StandardCharsets.UTF_8)) {
      assertThat(lines.lines().filter(line -> line.contains("without it the log")).findFirst())
          .isPresent();
    }
    first.destroyForcibly().waitFor();

    Process second = tour();
    try (BufferedReader lines = second.inputReader(StandardCharsets.UTF_8)) {
      assertThat(lines.readAllAsString())
          .contains("cleaned up after an earlier run", "Everything went as it should.");
    }
    assertThat(second.waitFor()).isZero();
  }

  private static Process tour() throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Dhearth.tree=" + HearthDaemon.tree(),
                "-cp",
                System.getProperty("java.class.path"),
                Tour.class.getName()))
        .redirectErrorStream(true)
        .start();
  }
}
