package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Unpacks a layer of 20,000 files, 235 MB, in turns with GNU tar on the same disk.
 *
 * <p>Run: {@code java -cp ... dev.hearth.runtime.snapshot.UnpackBench FOLDER [ROUNDS]}.
 */
final class UnpackBench {
  private static final int FILES = 20_000;
  private static final int MEAN_BYTES = 11_000;
  private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

  private UnpackBench() {}

  public static void main(String[] args) throws Exception {
    Path folder = Files.createDirectories(Path.of(args[0]));
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 7;
    Path archive = folder.resolve("layer.tar.gz");
    Digest diffId = makeArchive(archive);
    System.out.printf("gzip %d MB%n", Files.size(archive) / 1_000_000);
    double[] erofs = new double[rounds];
    double[] tar = new double[rounds];
    double[] synced = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      erofs[i] = unpack(folder, archive, diffId, LayerFormat.EROFS);
      double[] both = gnuTar(folder, archive);
      tar[i] = both[0];
      synced[i] = both[1];
      System.out.printf(
          "round %d: EROFS, synced %.0f ms; GNU tar %.0f ms, synced %.0f ms%n",
          i, erofs[i], tar[i], synced[i]);
    }
    System.out.printf(
        "a folder, synced: %.0f ms%n", unpack(folder, archive, diffId, LayerFormat.FOLDER));
    System.out.printf(
        "medians: EROFS %.0f ms; GNU tar %.0f ms, %.1f times as long; synced %.0f ms, %.1f times%n",
        median(erofs),
        median(tar),
        median(tar) / median(erofs),
        median(synced),
        median(synced) / median(erofs));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static double unpack(Path folder, Path archive, Digest diffId, LayerFormat format)
      throws Exception {
    Path root = folder.resolve("root");
    Layers layers = Layers.open(root, format, LayerLimits.DEFAULT);
    long start = System.nanoTime();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(archive), 1 << 16)) {
      layers.unpack(in, GZIP, diffId);
    }
    double millis = (System.nanoTime() - start) / 1e6;
    TreeRemoval.remove(root);
    return millis;
  }

  /** GNU tar alone, and the time until its files are on the disk too. */
  private static double[] gnuTar(Path folder, Path archive) throws Exception {
    Path target = Files.createDirectories(folder.resolve("tar"));
    long start = System.nanoTime();
    run("tar", "-C", target.toString(), "-xpzf", archive.toString());
    double unpacked = (System.nanoTime() - start) / 1e6;
    run("sync", "-f", target.toString());
    double synced = (System.nanoTime() - start) / 1e6;
    TreeRemoval.remove(target);
    return new double[] {unpacked, synced};
  }

  private static void run(String... command) throws Exception {
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IOException(command[0] + " failed");
    }
  }

  private static Digest makeArchive(Path archive) throws IOException {
    MessageDigest sha256 = Sha256.begin();
    var random = new Random(42);
    byte[] words = new byte[1 << 14];
    for (int i = 0; i < words.length; i++) {
      words[i] = (byte) "etaoin shrdlu\n_(){};=".charAt(random.nextInt(21));
    }
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(archive), 1 << 16)) {
      for (int i = 0; i < FILES; i++) {
        var tar = new TarBytes();
        if (i % 50 == 0) {
          tar.dir("usr/lib/module-" + i / 50 + "/");
        }
        tar.file("usr/lib/module-" + i / 50 + "/file-" + i + ".js", content(random, words));
        byte[] bytes = i == FILES - 1 ? tar.end() : tar.withoutEnd();
        sha256.update(bytes);
        out.write(bytes);
      }
    }
    return Sha256.finish(sha256);
  }

  private static byte[] content(Random random, byte[] words) {
    int size = (int) (-Math.log(1 - random.nextDouble()) * MEAN_BYTES);
    byte[] content = new byte[size];
    int at = 0;
    while (at < size) {
      int n = Math.min(size - at, 20 + random.nextInt(200));
      if (random.nextInt(100) < 17) {
        byte[] noise = new byte[n];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, content, at, n);
      } else {
        System.arraycopy(words, random.nextInt(words.length - n), content, at, n);
      }
      at += n;
    }
    if (size > 20) {
      byte[] head = "// file".getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(head, 0, content, 0, head.length);
    }
    return content;
  }
}
