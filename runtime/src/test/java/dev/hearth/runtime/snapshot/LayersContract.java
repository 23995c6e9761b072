package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.Xattrs;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a layer must be once unpacked, whatever it lies in. */
@NeedsRoot
abstract class LayersContract {
  static final String TAR = "application/vnd.oci.image.layer.v1.tar";

  @TempDir Path temp;
  private Layers layers;
  private @Nullable Path mounted;

  abstract LayerFormat format();

  @BeforeEach
  void open() throws IOException {
    layers = Layers.open(temp.resolve("root"), format(), LayerLimits.DEFAULT);
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted != null) {
      Mounts.unmount(mounted, Set.of(UnmountFlag.DETACH));
    }
  }

  /** The root of the layer this archive makes. */
  Path unpack(byte[] archive) throws Exception {
    Digest diffId = Sha256.of(archive);
    Layer layer = layers.unpack(new ByteArrayInputStream(archive), TAR, diffId);
    assertThat(layer.archiveBytes()).isEqualTo(archive.length);
    if (format() == LayerFormat.FOLDER) {
      return layer.folder();
    }
    Path target = Files.createDirectories(temp.resolve("mounted"));
    try (FileSystemContext context = FileSystemContext.open("erofs")) {
      context.set("source", layer.path().toString());
      context.create();
      try (Fd mount = context.mount(Set.of())) {
        DetachedMounts.attach(mount, target);
        mounted = target;
      }
    }
    return target;
  }

  @Test
  void unpacksWhatGnuTarUnpacks() throws Exception {
    Path source = Files.createDirectories(temp.resolve("source"));
    run(
        source,
        """
        mkdir -p etc usr/bin 'var/a b' var/empty many
        echo root:x:0:0 > etc/passwd; touch -d @1000000000.123456789 etc/passwd
        head -c 300000 /dev/urandom > usr/bin/big; chmod 4755 usr/bin/big
        head -c 4096 /dev/zero > usr/bin/block; : > usr/bin/none
        ln usr/bin/big usr/bin/linked; ln -s ../bin/big usr/bin/soft
        ln -s $(head -c 3000 /dev/zero | tr '\\0' y) usr/long
        mkfifo var/pipe; mknod var/null c 1 3; mknod var/disk b 259 300
        chown 70000:80000 'var/a b'; chmod 1777 'var/a b'; chown -h 12:13 usr/bin/soft
        for i in $(seq 400); do echo $i > many/a-rather-long-name-of-a-file-$i; done
        touch many/- many/! many/..x many/.a many/ü
        touch -d 1960-01-01 var/empty
        """);
    Xattrs.set(source.resolve("etc/passwd"), "user.note", new byte[] {1, 0, -1});
    Xattrs.set(
        source.resolve("usr/bin/big"),
        "security.capability",
        new byte[] {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    Xattrs.set(source.resolve("usr"), "trusted.x", new byte[3000]);
    run(temp, "tar --posix --xattrs --xattrs-include='*' -C source -cf a.tar .");
    Path expected = Files.createDirectories(temp.resolve("expected"));
    run(temp, "tar --xattrs --xattrs-include='*' --numeric-owner -C expected -xpf a.tar");

    Path root = unpack(Files.readAllBytes(temp.resolve("a.tar")));

    assertThat(TreeListing.of(root)).isEqualTo(TreeListing.of(expected));
  }

  @Test
  void keepsTheLaterOfTwoEntries() throws Exception {
    byte[] archive =
        new TarBytes()
            .file("a", "first")
            .file("b/c", "below")
            .file("./a", "second, longer")
            .file("b", "no more a directory")
            .symlink("d", "a")
            .dir("d")
            .file("d/e", "x")
            .end();
    Path root = unpack(archive);
    assertThat(root.resolve("a")).hasContent("second, longer");
    assertThat(root.resolve("b")).hasContent("no more a directory");
    assertThat(root.resolve("d/e")).hasContent("x");
    assertThat(names(root)).containsExactly("a", "b", "d");
  }

  static List<String> names(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  static void run(Path folder, String script) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-e", "-c", script)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
