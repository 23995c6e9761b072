package dev.hearth.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestLayer.Compression;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * Images made of Debian's busybox-static and of nothing else, the same bytes each time.
 *
 * <p>The small image has three layers: the program with a link for each applet; users, groups and
 * the folders a system has; and a page for httpd, with a file of the first layer removed.
 */
public final class TestImages {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private final Path folder;

  /** Makes images in {@code folder}, where their blobs stay until the caller removes it. */
  public TestImages(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  /** The architecture of this machine as images name it. */
  public static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  /** The {@code config} object of an image that runs {@code command}. */
  public static JsonObject running(String... command) {
    var words = new JsonArray();
    for (String word : command) {
      words.add(word);
    }
    var environment = new JsonArray();
    environment.add("PATH=/bin:/usr/bin");
    var run = new JsonObject();
    run.add("Cmd", words);
    run.add("Env", environment);
    return run;
  }

  /** A shell and what belongs to it. */
  public TestImage busybox(Format format, Compression compression) throws IOException {
    return image(format, running("sh"), busyboxLayers(compression));
  }

  /** An image of this machine's architecture with the layers given. */
  public TestImage image(Format format, JsonObject run, List<TestLayer> layers) throws IOException {
    return TestImage.of(folder, format, architecture(), run, layers);
  }

  /** An index of which one member is for this machine and the first one is not. */
  public TestImage multiplatform(Format format) throws IOException {
    List<TestLayer> layers = busyboxLayers(Compression.GZIP);
    TestImage other = TestImage.of(folder, format, "s390x", running("other"), layers);
    TestImage own = TestImage.of(folder, format, architecture(), running("sh"), layers);
    return TestImage.index(folder, format, List.of(other, own));
  }

  /** The layers of {@link #busybox}. */
  public List<TestLayer> busyboxLayers(Compression compression) throws IOException {
    return List.of(
        layer(compression, TestImages::program),
        layer(compression, TestImages::system),
        layer(compression, TestImages::page));
  }

  /** A layer with the content given. */
  public TestLayer layer(Compression compression, TestLayer.Content content) throws IOException {
    return TestLayer.write(Files.createTempFile(folder, "layer", ".tar"), compression, content);
  }

  /** 20,000 files of 235 MB that compress to about a third, over busybox: a large application. */
  public TestImage manyFiles(Format format, Compression compression) throws IOException {
    return image(
        format,
        running("sh"),
        List.of(
            layer(compression, TestImages::program),
            layer(compression, TestImages::system),
            layer(compression, tar -> files(tar, 0, MANY_FILES))));
  }

  /** The same files in ten layers. */
  public TestImage manyFilesInTenLayers(Format format, Compression compression) throws IOException {
    int share = MANY_FILES / 10;
    var layers = new java.util.ArrayList<TestLayer>();
    layers.add(layer(compression, TestImages::program));
    layers.add(layer(compression, TestImages::system));
    for (int part = 0; part < 10; part++) {
      int first = part * share;
      layers.add(layer(compression, tar -> files(tar, first, first + share)));
    }
    return image(format, running("sh"), layers);
  }

  private static void program(TestLayer.Tar tar) throws IOException {
    tar.folder("bin", 0755);
    tar.file("bin/busybox", 0755, Files.readAllBytes(BUSYBOX));
    for (String applet : applets()) {
      tar.hardLink("bin/" + applet, "bin/busybox");
    }
    tar.file("removed-by-a-later-layer", 0644, "");
  }

  private static void system(TestLayer.Tar tar) throws IOException {
    for (String path : List.of("dev", "etc", "home", "mnt", "proc", "run", "sys", "usr", "var")) {
      tar.folder(path, 0755);
    }
    tar.folder("root", 0700);
    tar.folder("tmp", 01777);
    tar.symlink("usr/bin", "../bin");
    tar.symlink("var/run", "/run");
    var home = new TarArchiveEntry("home/user/", TarArchiveEntry.LF_DIR);
    home.setIds(1000, 1000);
    tar.entry(home, 0755, new byte[0]);
    tar.file(
        "etc/passwd",
        0644,
        """
        root:x:0:0:root:/root:/bin/sh
        user:x:1000:1000:user:/home/user:/bin/sh
        nobody:x:65534:65534:nobody:/:/bin/false
        """);
    tar.file("etc/group", 0644, "root:x:0:\nuser:x:1000:\nextra:x:2000:user\nnogroup:x:65534:\n");
  }

  private static void page(TestLayer.Tar tar) throws IOException {
    tar.folder("srv", 0755);
    tar.folder("srv/www", 0755);
    tar.file("srv/www/index.html", 0644, "hearth\n");
    // A whiteout, OCI image layer specification: removes the name from the layers below.
    tar.file(".wh.removed-by-a-later-layer", 0644, "");
  }

  private static List<String> applets() throws IOException {
    Process list = new ProcessBuilder(BUSYBOX.toString(), "--list").start();
    try (var out = list.inputReader(StandardCharsets.UTF_8)) {
      return out.lines().filter(applet -> !applet.equals("busybox")).toList();
    }
  }

  private static final int MANY_FILES = 20_000;
  private static final int LARGE_EVERY = 200;

  /** Files {@code from} to {@code to} of the many: 100 of 1.2 MB, the others of 0 to 11.5 kB. */
  private static void files(TestLayer.Tar tar, int from, int to) throws IOException {
    String[] words = words();
    for (int number = from; number < to; number++) {
      if (number % 100 == 0) {
        tar.folder("data/%03d".formatted(number / 100), 0755);
      }
      var random = new Random(number);
      int size = number % LARGE_EVERY == 0 ? 1_200_000 : random.nextInt(11_500);
      tar.file("data/%03d/%05d".formatted(number / 100, number), 0644, text(random, words, size));
    }
  }

  private static String[] words() {
    var random = new Random(1);
    var words = new String[4096];
    for (int i = 0; i < words.length; i++) {
      var word = new StringBuilder();
      for (int length = 2 + random.nextInt(9); length > 0; length--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words[i] = word.append(' ').toString();
    }
    return words;
  }

  /** Words in any order: they compress to about a third, as programs and their data do. */
  private static byte[] text(Random random, String[] words, int size) {
    var out = new ByteArrayOutputStream(size + 16);
    while (out.size() < size) {
      // Small numbers come up more often, as common words do.
      int rank = random.nextInt(words.length) * random.nextInt(words.length) / words.length;
      out.writeBytes(words[rank].getBytes(StandardCharsets.US_ASCII));
    }
    return java.util.Arrays.copyOf(out.toByteArray(), size);
  }
}
