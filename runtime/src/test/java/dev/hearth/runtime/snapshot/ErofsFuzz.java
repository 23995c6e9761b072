package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.FuzzRun;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random trees through the image writer and back through the kernel, names being bytes; see {@link
 * FuzzRun}.
 */
@NeedsRoot
final class ErofsFuzz {
  @TempDir Path temp;

  /** What find(1) is to say of each path, both as Latin-1. */
  private final TreeMap<String, String> expected = new TreeMap<>();

  private final List<String> dirs = new ArrayList<>();
  private final List<String> files = new ArrayList<>();
  private TarBytes tar = new TarBytes();

  @Test
  void comesBackFromTheKernelAsItWas() {
    FuzzRun.of(12, this::roundTrip);
  }

  private void roundTrip(Random random) throws Exception {
    byte[] archive = randomTree(random);
    Digest diffId = Sha256.of(archive);
    Layers layers = Layers.open(temp.resolve("root"), LayerFormat.EROFS, LayerLimits.DEFAULT);
    Layer layer = layers.unpack(new ByteArrayInputStream(archive), LayersContract.TAR, diffId);
    Path target = Files.createDirectories(temp.resolve("mounted"));
    try (FileSystemContext context = FileSystemContext.open("erofs")) {
      context.set("source", layer.path().toString());
      context.create();
      try (Fd mount = context.mount(Set.of())) {
        DetachedMounts.attach(mount, target);
      }
    }
    try {
      Map<String, String> found = find(target);
      expected.forEach((path, line) -> assertThat(found.remove(path)).as(path).isEqualTo(line));
      assertThat(found).as("more than there was").isEmpty();
    } finally {
      Mounts.unmount(target, Set.of(UnmountFlag.DETACH));
    }
    layers.remove(diffId);
  }

  private byte[] randomTree(Random random) {
    expected.clear();
    dirs.clear();
    files.clear();
    dirs.add("");
    tar = new TarBytes();
    int entries = 1 + random.nextInt(random.nextInt(10) == 0 ? 3000 : 150);
    for (int i = 0; i < entries; i++) {
      addEntry(random);
    }
    return tar.end();
  }

  private void addEntry(Random random) {
    String dir = dirs.get(random.nextInt(1 + random.nextInt(dirs.size())));
    String path = dir + randomName(random);
    if (expected.containsKey(path) || path.length() > 3000) {
      return;
    }
    int mode = random.nextInt(010000);
    int uid = random.nextInt(3) == 0 ? random.nextInt(0x200000) : 0;
    int gid = random.nextInt(0x200000);
    long mtime = random.nextInt();
    int nanos = random.nextInt(1_000_000_000);
    tar.mode(mode).owner(uid, gid);
    String time =
        mtime < 0 && nanos > 0
            ? "-%d.%09d".formatted(-(mtime + 1), 1_000_000_000 - nanos)
            : "%d.%09d".formatted(mtime, nanos);
    tar.pax(
        "mtime",
        time,
        "SCHILY.xattr.trusted.pad",
        "x".repeat(random.nextInt(random.nextInt(200) + 1)));
    // The records of both extensions are of one header; the name goes by a long name.
    tar.extension('L', latin(path + "\0"));
    String common = " %o %d %d %s".formatted(mode, uid, gid, time(mtime, nanos));
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> {
        tar.header("x", '5', 0);
        dirs.add(path + "/");
        expected.put(path, "d" + common);
      }
      case 3, 4 -> {
        String target = "t".repeat(1 + random.nextInt(random.nextInt(8) == 0 ? 4095 : 60));
        tar.extension('K', latin(target + "\0"));
        tar.header("x", '2', 0);
        expected.put(
            path,
            "l 777 %d %d %s %d %s"
                .formatted(uid, gid, time(mtime, nanos), target.length(), target));
      }
      case 5 -> {
        tar.device("x", '3', random.nextInt(4096), 1 + random.nextInt(1 << 20));
        expected.put(path, "c" + common);
      }
      case 6 -> {
        tar.fifo("x");
        expected.put(path, "p" + common);
      }
      default -> {
        byte[] content = new byte[random.nextInt(random.nextInt(20) == 0 ? 20_000 : 300)];
        random.nextBytes(content);
        tar.file("x", content);
        expected.put(path, "f" + common + " " + content.length + " " + Sha256.of(content).hex());
        files.add(path);
      }
    }
  }

  private static String time(long seconds, int nanos) {
    return "%d.%09d".formatted(seconds, nanos);
  }

  private static String randomName(Random random) {
    int length = random.nextInt(6) == 0 ? 1 + random.nextInt(255) : 1 + random.nextInt(4);
    var name = new StringBuilder();
    while (name.length() < length) {
      char c =
          (char)
              (random.nextInt(4) == 0
                  ? 1 + random.nextInt(255)
                  : ".-a!z".charAt(random.nextInt(5)));
      name.append(c == '/' ? '_' : c);
    }
    String text = name.toString();
    return text.equals(".") || text.equals("..") || text.startsWith(".wh.") ? "plain" : text;
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> find(Path root) throws IOException, InterruptedException {
    String script =
        """
        find . -mindepth 1 \\( -type f -printf '%P\\0f %m %U %G %T@ %s\\0' \\) \
          -o \\( -type l -printf '%P\\0l %m %U %G %T@ %s %l\\0' \\) \
          -o \\( -printf '%P\\0%y %m %U %G %T@\\0' \\)
        printf '\\0\\0'
        find . -type f -print0 | xargs -0r sha256sum -z
        """;
    Process process = new ProcessBuilder("sh", "-e", "-c", script).directory(root.toFile()).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(errors).isZero();
    int half = output.indexOf("\0\0\0");
    var found = new TreeMap<String, String>();
    String[] lines = (half < 0 ? "" : output.substring(0, half)).split("\0", -1);
    for (int i = 0; i + 1 < lines.length; i += 2) {
      found.put(lines[i], lines[i + 1].replaceFirst("(\\.\\d{9})0( |$)", "$1$2"));
    }
    for (String sum : output.substring(half + 3).split("\0", -1)) {
      if (!sum.isEmpty()) {
        found.merge(sum.substring(68), sum.substring(0, 64), (line, digest) -> line + " " + digest);
      }
    }
    return found;
  }
}
