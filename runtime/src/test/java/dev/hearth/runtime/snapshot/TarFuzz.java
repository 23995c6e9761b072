package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged archives and damaged compressed streams: each becomes a layer or a {@link
 * LayerException}, and nothing else; see {@link FuzzRun}.
 */
final class TarFuzz {
  private static final LayerLimits LIMITS =
      new LayerLimits(500, 1 << 20, 1 << 24, 600, 20, 4000, 20_000);

  @TempDir Path temp;

  private static List<byte[]> seeds() {
    byte[] map = Arrays.copyOf(TarBytes.bytes("2\n5\n2\n20\n1\n"), 515);
    return List.of(
        new TarBytes()
            .dir("a/")
            .file("a/b", "content")
            .symlink("l", "a")
            .file("l/c", "x".repeat(700))
            .hardLink("h", "l/b")
            .file("a/.wh.gone", "")
            .file("a/.wh..wh..opq", "")
            .end(),
        new TarBytes()
            .pax("path", "a/" + "long/".repeat(30), "mtime", "-1.5", "uid", "70000")
            .dir("x")
            .pax("SCHILY.xattr.user.a", "value", "SCHILY.xattr.security.b", "v")
            .file("f", "x")
            .extension('L', TarBytes.bytes("y".repeat(200) + "\0"))
            .extension('K', TarBytes.bytes("../" + "z".repeat(150) + "\0"))
            .symlink("s", "t")
            .device("n", '3', 1, 3)
            .fifo("p")
            .end(),
        new TarBytes()
            .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "30")
            .file("two", map)
            .pax("GNU.sparse.size", "30", "GNU.sparse.map", "5,2,20,1")
            .file("one", "abc")
            .header("old", 'S', 3)
            .content(TarBytes.bytes("abc"))
            .end());
  }

  @Test
  void becomesALayerOrIsRefused() {
    List<byte[]> seeds = seeds();
    FuzzRun.of(
        3000,
        random -> {
          byte[] archive = mutate(random, seeds);
          try {
            List<String> paths = Archives.tree(temp, archive, LIMITS);
            assertThat(paths).noneMatch(path -> path.startsWith("/") || path.contains("//"));
            assertThat(paths).noneMatch(path -> path.matches("(.*/)?\\.\\.?(/.*)?"));
          } catch (LayerException e) {
            assertThat(e.getMessage()).hasSizeLessThan(1500);
          }
          assertThat(LayersContract.names(temp)).isEmpty();
        });
  }

  private static byte[] mutate(Random random, List<byte[]> seeds) {
    byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
    for (int n = random.nextInt(4); n >= 0; n--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) "0179 /.\0=\n,-xLKS".charAt(random.nextInt(16));
        case 3 -> bytes = Arrays.copyOf(bytes, at + 1);
        case 4 -> {
          byte[] other = seeds.get(random.nextInt(seeds.size()));
          int block = random.nextInt(other.length / 512) * 512;
          int to = Math.min(at / 512 * 512, bytes.length - 512);
          if (to >= 0) {
            System.arraycopy(other, block, bytes, to, 512);
          }
        }
        default -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(20), bytes.length - Math.max(at, from));
          System.arraycopy(bytes, from, bytes, at, length);
        }
      }
      // Else nearly all would fail at the first checksum.
      if (random.nextInt(10) > 0) {
        sumAll(bytes);
      }
    }
    return bytes;
  }

  private static void sumAll(byte[] bytes) {
    for (int at = 0; at + 512 <= bytes.length; at += 512) {
      if (bytes[at + 257] == 'u' && bytes[at + 258] == 's') {
        byte[] block = Arrays.copyOfRange(bytes, at, at + 512);
        System.arraycopy(TarBytes.sum(block), 0, bytes, at, 512);
      }
    }
  }

  @Test
  void inflatesOrRefuses() throws Exception {
    byte[] gzip = GzipInflationTest.gzip(seeds().getFirst());
    byte[] zstd = com.github.luben.zstd.Zstd.compress(seeds().getFirst());
    FuzzRun.of(
        1000,
        random -> {
          boolean asGzip = random.nextBoolean();
          byte[] bytes = (asGzip ? gzip : zstd).clone();
          for (int n = random.nextInt(3); n >= 0; n--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
          }
          if (random.nextInt(5) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
          }
          try {
            GzipInflationTest.inflate(
                bytes, asGzip ? LayerCompression.GZIP : LayerCompression.ZSTD);
          } catch (LayerException e) {
            assertThat(e.getMessage()).hasSizeLessThan(300);
          }
        });
  }
}
