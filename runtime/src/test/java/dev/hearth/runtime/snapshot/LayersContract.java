package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.FileType;
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
import java.util.ArrayList;
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
      mounted = null;
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
  void unpacksEverySparseFormat() throws Exception {
    Path source = Files.createDirectories(temp.resolve("source"));
    run(
        source,
        """
        truncate -s 3000000 holes
        for at in 0 4096 100000 1000001 2000000 2500000 2700000; do
          echo data at $at | dd of=holes bs=1 seek=$at conv=notrunc status=none
        done
        truncate -s 10000000 empty
        echo x > start; truncate -s 100000 start
        echo plain > plain
        """);
    List<String> expected = null;
    for (String format :
        List.of(
            "--format=gnu -S",
            "--format=posix --sparse-version=0.0 -S",
            "--format=posix --sparse-version=0.1 -S",
            "--format=posix --sparse-version=1.0 -S",
            "--format=posix")) {
      run(temp, "tar " + format + " --mtime=@7.5 -C source -cf a.tar .");
      Path target = temp.resolve("expected");
      TreeRemoval.remove(target);
      Files.createDirectory(target);
      run(temp, "tar --numeric-owner -C expected -xpf a.tar");
      expected = TreeListing.of(target);
      Path root = unpack(Files.readAllBytes(temp.resolve("a.tar")));
      assertThat(TreeListing.of(root)).as(format).isEqualTo(expected);
      unmount();
    }
    assertThat(expected).isNotNull().hasSize(5);
  }

  @Test
  void turnsWhiteoutsIntoWhatOverlayfsKnows() throws Exception {
    byte[] archive =
        new TarBytes()
            .file("d/.wh.gone", "")
            .file(".wh.too", "")
            .file("d/.wh..wh..opq", "")
            .file("d/here", "")
            .end();
    Path root = unpack(archive);
    for (String gone : List.of("d/gone", "too")) {
      FileStatus status = Entries.status(root.resolve(gone));
      assertThat(status.type()).isEqualTo(FileType.CHARACTER_DEVICE);
      assertThat(status.special().number()).isZero();
    }
    assertThat(Xattrs.get(root.resolve("d"), "trusted.overlay.opaque")).hasValue(new byte[] {'y'});
    assertThat(names(root.resolve("d"))).containsExactly("gone", "here");
  }

  @Test
  void keepsHardLinksOfEveryKind() throws Exception {
    byte[] archive =
        new TarBytes()
            .file("f", "old")
            .hardLink("f2", "f")
            .file("f", "new")
            .hardLink("f3", "f")
            .symlink("s", "x")
            .hardLink("s2", "s")
            .fifo("p")
            .hardLink("p2", "p")
            .device("n", '3', 1, 3)
            .hardLink("d/n2", "n")
            .end();
    Path root = unpack(archive);
    assertThat(root.resolve("f2")).hasContent("old");
    assertThat(root.resolve("f3")).hasContent("new");
    assertThat(Entries.status(root.resolve("f2")).links()).isEqualTo(1);
    for (String pair : List.of("f f3", "s s2", "p p2", "n d/n2")) {
      String[] both = pair.split(" ", 2);
      FileStatus one = Entries.status(root.resolve(both[0]));
      FileStatus two = Entries.status(root.resolve(both[1]));
      assertThat(one.links()).as(pair).isEqualTo(2);
      assertThat(one.sameFile(two)).as(pair).isTrue();
    }
  }

  @Test
  void keepsDirectoriesOfManyEntriesInOrder() throws Exception {
    var tar = new TarBytes();
    var names = new ArrayList<String>();
    for (int i = 0; i < 3000; i++) {
      String name = Integer.toString(i * 7919 % 3000, 36) + "-x".repeat(i % 40);
      names.add(name);
      tar.file("many/" + name, "");
    }
    Path root = unpack(tar.end());
    assertThat(names(root.resolve("many"))).containsExactlyInAnyOrderElementsOf(names);
    for (String name : names) {
      assertThat(Files.exists(root.resolve("many").resolve(name))).as(name).isTrue();
    }
    assertThat(Files.exists(root.resolve("many/zzzz"))).isFalse();
    assertThat(Files.exists(root.resolve("many/!"))).isFalse();
  }

  @Test
  void keepsLinksAndNamesOfEveryLength() throws Exception {
    var tar = new TarBytes();
    for (int length = 1; length < 4096; length += length < 130 ? 1 : 97) {
      tar.symlink("l" + length, "t".repeat(length));
    }
    tar.symlink("longest", "t".repeat(4095));
    for (int length = 1; length <= 255; length++) {
      tar.pax("path", "n".repeat(length)).file("x", "" + length);
    }
    Path root = unpack(tar.end());
    for (int length = 1; length < 4096; length += length < 130 ? 1 : 97) {
      assertThat(Files.readSymbolicLink(root.resolve("l" + length)).toString()).hasSize(length);
    }
    assertThat(Files.readSymbolicLink(root.resolve("longest")).toString()).hasSize(4095);
    assertThat(root.resolve("n".repeat(255))).hasContent("255");
    assertThat(root.resolve("n")).hasContent("1");
  }

  @Test
  void keepsManyAttributes() throws Exception {
    var pairs = new ArrayList<String>();
    for (int i = 0; i < 200; i++) {
      pairs.add("SCHILY.xattr.user.a" + i);
      pairs.add("v".repeat(i % 17));
    }
    byte[] archive =
        new TarBytes()
            .pax(pairs.subList(0, 60).toArray(new String[0]))
            .file("f", "x")
            .pax(pairs.subList(0, 20).toArray(new String[0]))
            .dir("d")
            .pax("SCHILY.xattr.trusted.t", "v", "SCHILY.xattr.user.no", "v")
            .symlink("l", "f")
            .end();
    Path root = unpack(archive);
    assertThat(Xattrs.list(root.resolve("f"))).hasSize(30);
    assertThat(Xattrs.get(root.resolve("f"), "user.a16")).hasValue(TarBytes.bytes("v".repeat(16)));
    assertThat(Xattrs.list(root.resolve("d"))).hasSize(10);
    assertThat(Xattrs.list(root.resolve("l"))).containsExactly("trusted.t");
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
