package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} in the middle of a layer. */
final class LayersCrashIT {
  @TempDir Path temp;

  private static byte[] archive() {
    var tar = new TarBytes();
    for (int i = 0; i < 300; i++) {
      tar.file("d/f" + i, "x".repeat(5000));
    }
    return tar.end();
  }

  /** Unpacks a layer of which the end never comes. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] args) throws Exception {
      LayerFormat format = LayerFormat.valueOf(args[1]);
      Layers layers = Layers.open(Path.of(args[0]), format, LayerLimits.DEFAULT);
      byte[] archive = archive();
      byte[] most = Arrays.copyOf(archive, archive.length - 5000);
      InputStream endless =
          new SequenceInputStream(
              new ByteArrayInputStream(most),
              new StalledInput(() -> System.out.println("stalled")));
      layers.unpack(endless, LayersContract.TAR, Sha256.of(archive));
    }
  }

  @Test
  void leavesNothingAfterTheNextStart() throws Exception {
    for (LayerFormat format : LayerFormat.values()) {
      Process victim =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Victim.class.getName(),
                  temp.toString(),
                  format.name())
              .redirectErrorStream(true)
              .start();
      try (var out = victim.inputReader()) {
        assertThat(out.readLine()).isEqualTo("stalled");
        assertThat(LayersContract.names(temp.resolve("layers"))).hasSize(1);
      } finally {
        victim.destroyForcibly();
      }
      assertThat(victim.waitFor(10, TimeUnit.SECONDS)).isTrue();

      Layers layers = Layers.open(temp, LayerFormat.EROFS, LayerLimits.DEFAULT);
      layers.awaitCleanup();
      assertThat(LayersContract.names(temp.resolve("layers"))).isEmpty();
      byte[] archive = archive();
      layers.unpack(new ByteArrayInputStream(archive), LayersContract.TAR, Sha256.of(archive));
      assertThat(layers.remove(Sha256.of(archive))).isTrue();
      assertThat(Files.exists(temp.resolve("layers"))).isTrue();
    }
  }
}
